package protocol

import (
	"errors"
	"fmt"
)

// Answer is what a milter said to one command of the Client.
type Answer struct {
	// Verdict is the verdict, its Reply as the SMTP client would see it ('%' no longer doubled);
	// at the end of a message its Changes are those the milter sent, in their order.
	Verdict Verdict
	// Progress counts the SMFIR_PROGRESS that came before.
	Progress int
	// Sent is false if the command was not sent, because the step is turned off or skipped.
	Sent bool
}

// MaxChanges bounds the changes of one message, in bytes, each with changeCost on top: they are kept until the verdict comes,
// and it may never come.
const MaxChanges = 128 << 20

// changeCost is about what it takes to keep a change of no length.
const changeCost = 100

// ChangeCost is what a change with so many bytes of data counts for towards MaxChanges.
func ChangeCost(data int) int { return data + changeCost }

// answer reads replies up to the verdict on a command.
func (c *Client) answer(to Code) (Answer, error) {
	a := Answer{Sent: true}
	var changes changeList
	for {
		code, data, err := c.receive()
		if err != nil {
			return Answer{}, err
		}
		v, ok, err := decodeVerdict(code, data)
		if err != nil {
			return Answer{}, err
		}
		if ok {
			a.Verdict = v
			a.Verdict.Changes = changes.done()
			return a, c.took(to, v.Kind)
		}
		if code == ReplyProgress {
			if data != "" {
				return Answer{}, decodeError(code, errData)
			}
			a.Progress++
			continue
		}
		if to != CodeEOM {
			return Answer{}, fmt.Errorf("answered with %v", code)
		}
		if err := changes.add(code, data, c.got); err != nil {
			return Answer{}, err
		}
	}
}

// took notes what a verdict means for the dialogue.
func (c *Client) took(to Code, kind VerdictKind) error {
	if kind != VerdictSkip {
		return nil
	}
	if c.got.Steps&StepSkip == 0 {
		return errors.New("answered with skip, which was not negotiated")
	}
	c.skip = to
	return nil
}

// changeList collects the changes at the end of a message as strictly as MTAs do.
type changeList struct {
	list    []Change
	body    []byte
	hasBody bool
	cost    int
}

func (l *changeList) add(code ReplyCode, data string, got Options) error {
	if l.cost += ChangeCost(len(data)); l.cost > MaxChanges {
		return fmt.Errorf("changes of more than %d bytes", MaxChanges)
	}
	change, ok, err := decodeChange(code, data, got.Steps&StepLeadingSpace != 0)
	switch {
	case err != nil:
		return err
	case !ok:
		return fmt.Errorf("answered with %v", code)
	case got.Actions&change.Action() == 0:
		return fmt.Errorf("%v: %v was not negotiated", change, change.Action())
	}
	if code != ReplyReplaceBody {
		l.list = append(l.list, change)
		return nil
	}
	if l.hasBody && l.list[len(l.list)-1].Code != ReplyReplaceBody {
		return errors.New("packets of the new body with another change between them")
	}
	if !l.hasBody {
		l.hasBody = true
		l.list = append(l.list, change)
	}
	l.body = append(l.body, data...)
	return nil
}

// done gives the changes, the body in one.
func (l *changeList) done() []Change {
	for i := range l.list {
		if l.list[i].Code == ReplyReplaceBody {
			l.list[i].Value = string(l.body)
		}
	}
	return l.list
}
