package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"luamilter/engine/mailbox"
	"luamilter/engine/mta"
)

// replay is one run of the command.
type replay struct {
	flags   *replayFlags
	sources []mailbox.Source
	now     *judge
	before  *judge // the version to compare with, or nil
	bar     *progressBar
	out     io.Writer
	errOut  io.Writer

	onTerminal bool // out is one
	// several is set before the first mail is judged: there is more than one.
	several bool

	// What follows is the printing goroutine's.
	mails  int
	tally  map[string]int // mails by what became of them
	failed bool           // a mail could not be read or judged
}

// task is one mail on its way through the filter. done is closed when the result is there.
type task struct {
	mail   mailbox.Mail
	behind int64 // bytes of all sources when the mail is done
	done   chan struct{}
	result result
}

// result is what is left of a mail when it is judged.
type result struct {
	text string // to print
	kind string // to count
	err  error
}

// size is that of all sources in bytes; 0 if it is not known.
func (r *replay) size() int64 {
	total := int64(0)
	for _, s := range r.sources {
		if s.Size < 0 {
			return 0
		}
		total += s.Size
	}
	return total
}

// run reads, judges and prints at the same time. At most a mail for each job is held, and some results that wait for
// those before them.
func (r *replay) run() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal does not wait for the mails that are being judged
	jobs := r.flags.jobs.value
	if jobs == 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	read, work, order := make(chan *task), make(chan *task), make(chan *task, 4*jobs)
	go r.read(ctx, read)
	go r.share(ctx, read, work, order)
	for range jobs {
		go func() {
			for t := range work {
				t.result = r.judgeMail(&t.mail)
				t.mail.Data = ""
				close(t.done)
			}
		}()
	}
	r.bar.begin()
	for t := range order {
		<-t.done
		r.print(t)
	}
	r.bar.end()
	r.summary(ctx.Err() != nil)
	if r.failed || ctx.Err() != nil || r.before == nil && r.now.host.Failures() > 0 {
		return errReported
	}
	return nil
}

// read sends the mails of all sources. It may wait for its stream when all else has ended.
func (r *replay) read(ctx context.Context, mails chan<- *task) {
	defer close(mails)
	passed := int64(0)
	for _, source := range r.sources {
		source.Mails(os.Stdin, int64(r.flags.maxMessageSize), func(m mailbox.Mail) bool {
			select {
			case mails <- &task{mail: m, behind: passed + m.Read, done: make(chan struct{})}:
				return true
			case <-ctx.Done():
				return false
			}
		})
		if ctx.Err() != nil {
			return
		}
		passed += max(source.Size, 0)
	}
}

// share gives the mails to those who judge and, in their order, to the one who prints.
func (r *replay) share(ctx context.Context, read <-chan *task, work, order chan<- *task) {
	defer close(order)
	defer close(work)
	var first *task
	for {
		var t *task
		select {
		case t = <-read:
		case <-ctx.Done():
		}
		if t == nil {
			break
		}
		if first == nil && !r.several {
			first = t // how it is printed depends on whether there is another
			continue
		}
		if !r.several {
			r.several = true
			work <- first
			order <- first
		}
		work <- t
		order <- t
	}
	if first != nil && !r.several {
		work <- first
		order <- first
	}
}

// judgeMail finds what becomes of a mail.
func (r *replay) judgeMail(m *mailbox.Mail) result {
	if m.Err != nil {
		return result{kind: kindUnread, err: m.Err}
	}
	mail := r.flags.address(mta.ParseMail(m.Data))
	from := r.flags.connection(&mail)
	name := ""
	if r.several {
		name = m.Name
	}
	var outcomes []mta.Outcome
	for _, j := range []*judge{r.before, r.now} {
		if j == nil {
			continue
		}
		out, err := j.judge(name, &mail, from)
		if err != nil {
			return result{kind: kindUnjudged, err: fmt.Errorf("%s: %w", m.Name, err)}
		}
		outcomes = append(outcomes, out)
	}
	if len(outcomes) == 2 {
		return r.compare(m.Name, &mail, &outcomes[0], &outcomes[1])
	}
	return r.report(m.Name, &mail, &outcomes[0])
}

// close ends the judges.
func (r *replay) close() error {
	err := r.now.close()
	if r.before != nil {
		if err := r.before.close(); err != nil {
			return err
		}
	}
	return err
}
