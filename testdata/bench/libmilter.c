/*
 * The four filters of the benchmark in C on libmilter: what the Lua files beside this one do.
 *
 *   libmilter -s unix:/path -f noop|addheader|body|rewrite [-t]
 *
 * Without -t as people write a filter: every callback is answered, libmilter turns off the steps
 * that have none. With -t tuned by hand: what never gives a verdict is negotiated as no-reply.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <unistd.h>

#include <libmilter/mfapi.h>

#define SPAMMER "<spammer@bench.example>"
#define WORD "xyzzy-plugh"
#define FOOTER "-- rewritten by the bench filter\r\n"

/* What a message's callbacks remember for its end. */
struct message {
	unsigned count;
	unsigned hits;
	char *subject;
	unsigned char *body;
	size_t len, cap;
};

/* The result of a callback without a verdict: SMFIS_NOREPLY once that is negotiated. */
static sfsistat quiet = SMFIS_CONTINUE;

static struct smfiDesc filter;

/* The steps that the chosen filter, tuned, turns off or wants no reply to. */
static unsigned long tuned_steps;

static struct message *message_of(SMFICTX *ctx)
{
	struct message *m = smfi_getpriv(ctx);

	if (m == NULL && (m = calloc(1, sizeof *m)) != NULL && smfi_setpriv(ctx, m) != MI_SUCCESS) {
		free(m);
		m = NULL;
	}
	return m;
}

static void forget(SMFICTX *ctx)
{
	struct message *m = smfi_getpriv(ctx);

	if (m == NULL)
		return;
	smfi_setpriv(ctx, NULL);
	free(m->subject);
	free(m->body);
	free(m);
}

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long f0, unsigned long f1, unsigned long f2,
			     unsigned long f3, unsigned long *pf0, unsigned long *pf1,
			     unsigned long *pf2, unsigned long *pf3)
{
	(void)ctx, (void)f2, (void)f3;
	if ((f0 & filter.xxfi_flags) != filter.xxfi_flags || (f1 & tuned_steps) != tuned_steps)
		return SMFIS_REJECT; /* this MTA would wait for replies that never come */
	*pf0 = filter.xxfi_flags;
	*pf1 = tuned_steps;
	*pf2 = *pf3 = 0;
	return SMFIS_CONTINUE;
}

/* noop */

static sfsistat noop_connect(SMFICTX *ctx, char *host, _SOCK_ADDR *addr)
{
	(void)ctx, (void)host, (void)addr;
	return quiet;
}

static sfsistat noop_text(SMFICTX *ctx, char *text)
{
	(void)ctx, (void)text;
	return quiet;
}

static sfsistat noop_envelope(SMFICTX *ctx, char **argv)
{
	(void)ctx, (void)argv;
	return quiet;
}

static sfsistat noop_header(SMFICTX *ctx, char *name, char *value)
{
	(void)ctx, (void)name, (void)value;
	return quiet;
}

static sfsistat noop_step(SMFICTX *ctx)
{
	(void)ctx;
	return quiet;
}

static sfsistat noop_body(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
	(void)ctx, (void)chunk, (void)len;
	return quiet;
}

static sfsistat noop_unknown(SMFICTX *ctx, const char *command)
{
	(void)ctx, (void)command;
	return quiet;
}

static sfsistat noop_end(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

/* addheader, body and rewrite */

static sfsistat on_envfrom(SMFICTX *ctx, char **argv)
{
	forget(ctx);
	if (strcmp(argv[0], SPAMMER) == 0) {
		if (smfi_setreply(ctx, "550", "5.7.1", "no mail from spammers") != MI_SUCCESS)
			return SMFIS_TEMPFAIL;
		return SMFIS_REJECT;
	}
	return message_of(ctx) != NULL ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static sfsistat on_header(SMFICTX *ctx, char *name, char *value)
{
	struct message *m = message_of(ctx);

	if (m == NULL)
		return SMFIS_TEMPFAIL;
	m->count++;
	if (strcasecmp(name, "Subject") == 0) {
		free(m->subject);
		if ((m->subject = strdup(value)) == NULL)
			return SMFIS_TEMPFAIL;
	}
	return quiet;
}

static sfsistat body_search(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
	struct message *m = message_of(ctx);

	if (m == NULL)
		return SMFIS_TEMPFAIL;
	if (memmem(chunk, len, WORD, sizeof WORD - 1) != NULL)
		m->hits++;
	return quiet;
}

static bool append(struct message *m, const void *data, size_t len)
{
	if (m->cap - m->len < len) {
		size_t cap = m->cap != 0 ? m->cap : 65536;
		unsigned char *grown;

		while (cap - m->len < len)
			cap *= 2;
		if ((grown = realloc(m->body, cap)) == NULL)
			return false;
		m->body = grown;
		m->cap = cap;
	}
	memcpy(m->body + m->len, data, len);
	m->len += len;
	return true;
}

static sfsistat body_collect(SMFICTX *ctx, unsigned char *chunk, size_t len)
{
	struct message *m = message_of(ctx);

	return m != NULL && append(m, chunk, len) ? quiet : SMFIS_TEMPFAIL;
}

static sfsistat finish(SMFICTX *ctx, int result)
{
	forget(ctx);
	return result == MI_SUCCESS ? SMFIS_CONTINUE : SMFIS_TEMPFAIL;
}

static const char *subject_of(const struct message *m)
{
	return m->subject != NULL ? m->subject : "";
}

static sfsistat eom_addheader(SMFICTX *ctx)
{
	struct message *m = message_of(ctx);
	char value[1100];

	if (m == NULL)
		return SMFIS_TEMPFAIL;
	snprintf(value, sizeof value, "%u %.1000s", m->count, subject_of(m));
	return finish(ctx, smfi_addheader(ctx, "X-Bench", value));
}

static sfsistat eom_body(SMFICTX *ctx)
{
	struct message *m = message_of(ctx);
	char value[1100];

	if (m == NULL)
		return SMFIS_TEMPFAIL;
	snprintf(value, sizeof value, "%u %.1000s %u", m->count, subject_of(m), m->hits);
	return finish(ctx, smfi_addheader(ctx, "X-Bench", value));
}

static sfsistat eom_rewrite(SMFICTX *ctx)
{
	struct message *m = message_of(ctx);
	char value[1100];
	int result;

	if (m == NULL || !append(m, FOOTER, sizeof FOOTER - 1))
		return finish(ctx, MI_FAILURE);
	snprintf(value, sizeof value, "[bench] %.1000s", subject_of(m));
	result = smfi_chgheader(ctx, "Subject", 1, value);
	if (result == MI_SUCCESS)
		result = smfi_addrcpt(ctx, "<copy@bench.example>");
	if (result == MI_SUCCESS)
		result = smfi_replacebody(ctx, m->body, (int)m->len);
	return finish(ctx, result);
}

static sfsistat on_end(SMFICTX *ctx)
{
	forget(ctx);
	return SMFIS_CONTINUE;
}

static struct smfiDesc filter = {
	.xxfi_name = "bench",
	.xxfi_version = SMFI_VERSION,
	.xxfi_abort = on_end,
	.xxfi_close = on_end,
};

/* choose fills in the callbacks of a filter and what it negotiates when tuned. */
static bool choose(const char *name)
{
	if (strcmp(name, "noop") == 0) {
		filter.xxfi_connect = noop_connect;
		filter.xxfi_helo = noop_text;
		filter.xxfi_envfrom = filter.xxfi_envrcpt = noop_envelope;
		filter.xxfi_data = filter.xxfi_eoh = noop_step;
		filter.xxfi_header = noop_header;
		filter.xxfi_body = noop_body;
		filter.xxfi_unknown = noop_unknown;
		filter.xxfi_eom = filter.xxfi_abort = filter.xxfi_close = noop_end;
		tuned_steps = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT | SMFIP_NR_DATA |
			      SMFIP_NR_HDR | SMFIP_NR_EOH | SMFIP_NR_BODY | SMFIP_NR_UNKN;
		return true;
	}
	filter.xxfi_header = on_header;
	tuned_steps = SMFIP_NOCONNECT | SMFIP_NOHELO | SMFIP_NORCPT | SMFIP_NODATA | SMFIP_NOEOH |
		      SMFIP_NOUNKNOWN | SMFIP_NR_HDR;
	if (strcmp(name, "addheader") == 0) {
		filter.xxfi_flags = SMFIF_ADDHDRS;
		filter.xxfi_envfrom = on_envfrom;
		filter.xxfi_eom = eom_addheader;
		tuned_steps |= SMFIP_NOBODY;
	} else if (strcmp(name, "body") == 0) {
		filter.xxfi_flags = SMFIF_ADDHDRS;
		filter.xxfi_envfrom = on_envfrom;
		filter.xxfi_body = body_search;
		filter.xxfi_eom = eom_body;
		tuned_steps |= SMFIP_NR_BODY;
	} else if (strcmp(name, "rewrite") == 0) {
		filter.xxfi_flags = SMFIF_CHGBODY | SMFIF_CHGHDRS | SMFIF_ADDRCPT;
		filter.xxfi_body = body_collect;
		filter.xxfi_eom = eom_rewrite;
		tuned_steps |= SMFIP_NOMAIL | SMFIP_NR_BODY;
	} else {
		return false;
	}
	return true;
}

static void raise_file_limit(void)
{
	struct rlimit files;

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
}

int main(int argc, char **argv)
{
	char *address = NULL;
	const char *name = NULL;
	int opt;

	while ((opt = getopt(argc, argv, "s:f:t")) != -1) {
		switch (opt) {
		case 's':
			address = optarg;
			break;
		case 'f':
			name = optarg;
			break;
		case 't':
			quiet = SMFIS_NOREPLY;
			filter.xxfi_negotiate = on_negotiate;
			break;
		default:
			return 2;
		}
	}
	if (address == NULL || name == NULL || !choose(name)) {
		fprintf(stderr, "usage: %s -s unix:/path -f noop|addheader|body|rewrite [-t]\n", argv[0]);
		return 2;
	}
	raise_file_limit();
	if (smfi_setconn(address) != MI_SUCCESS || smfi_setbacklog(1024) != MI_SUCCESS ||
	    smfi_register(filter) != MI_SUCCESS) {
		fprintf(stderr, "%s: can't set up %s: %s\n", argv[0], address, strerror(errno));
		return 1;
	}
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
