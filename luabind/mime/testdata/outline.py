"""What Python's email package reads in mails: a JSON list of base64 on standard input, a JSON list of lists of leaves
on standard output."""
import base64
import email
import email.header
import email.policy
import json
import sys


def decoded(name):
    """A file name, with the encoded words that do not belong there decoded, as mail readers do."""
    try:
        return str(email.header.make_header(email.header.decode_header(name)))
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return name


def names(part):
    found = []
    for field, param in (("content-disposition", "filename"), ("content-type", "name")):
        value = part.get_param(param, None, field)
        if value is not None:
            name = decoded(email.utils.collapse_rfc2231_value(value).strip())
            if name and name not in found:
                found.append(name)
    return found


def leaves(part, depth):
    if part.is_multipart():
        for kid in part.get_payload():
            yield from leaves(kid, depth + 1)
        return
    content = part.get_payload(decode=True) or b""
    leaf = {"Type": part.get_content_type(), "Depth": depth, "Names": names(part),
            "Content": base64.b64encode(content).decode()}
    if part.get_content_maintype() == "text":
        charset = part.get_content_charset() or "us-ascii"
        try:
            leaf["Text"] = content.decode(charset, "replace")
        except LookupError:
            leaf["Text"] = None
    yield leaf


mails = [base64.b64decode(m) for m in json.load(sys.stdin)]
json.dump([list(leaves(email.message_from_bytes(m, policy=email.policy.compat32), 0)) for m in mails], sys.stdout)
