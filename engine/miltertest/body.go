package miltertest

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"

	"luamilter/protocol"
)

// maxChunk is the longest chunk of a body that an MTA sends (MILTER_CHUNK_SIZE).
const maxChunk = 65535

// chunk sends a piece of the body, one that is too long for an MTA as several. more says that the filter wants to go on.
func (c *call) chunk(conn *conn, text string) (more bool, err error) {
	for {
		n := min(len(text), maxChunk)
		if err := c.step(conn, inBody, text[:n]); err != nil {
			return false, err
		}
		if text = text[n:]; conn.reply != protocol.ReplyContinue || text == "" {
			return conn.reply == protocol.ReplyContinue, nil
		}
	}
}

func bodyString(c *call) int {
	c.takes(2, 2)
	_, err := c.chunk(c.conn(), c.bytes(2))
	return c.result(err)
}

// maxLine is the length below which the lines of mt.bodyrandom stay.
const maxLine = 1021

// bodyRandom is mt.bodyrandom(conn, n): lines of printable ASCII, each a chunk, with n bytes before their ends.
func bodyRandom(c *call) int {
	c.takes(2, 2)
	conn, left := c.conn(), c.number(2)
	if !(left >= 0 && left <= math.MaxInt32) {
		c.invalid()
	}
	c.ready(conn, stepTo(inBody), atEOH)
	for left := int(left); left > 0; {
		line := make([]byte, min(left, rand.IntN(maxLine)))
		for i := range line {
			line[i] = byte(' ' + rand.IntN('~'-' '+1))
		}
		if more, err := c.chunk(conn, string(line)+"\r\n"); err != nil || !more {
			return c.result(err)
		}
		left -= len(line)
	}
	return c.result(nil)
}

// bodyFile is mt.bodyfile(conn, file). The file is sent as it is, so its lines should end with CRLF.
func bodyFile(c *call) int {
	c.takes(2, 2)
	conn, name := c.conn(), c.text(2)
	c.ready(conn, stepTo(inBody), atEOH)
	f, err := os.Open(name)
	if err != nil {
		c.unread(name, err)
	}
	defer f.Close()
	buf := make([]byte, maxChunk)
	for {
		n, err := io.ReadFull(f, buf)
		if n > 0 {
			if more, err := c.chunk(conn, string(buf[:n])); err != nil || !more {
				return c.result(err)
			}
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			conn.at = inBody // of an empty file, too
			return c.result(nil)
		case err != nil:
			c.unread(name, err)
		}
	}
}

// unread ends the script because of a file.
func (c *call) unread(name string, err error) {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	c.fail("%s: %s", name, err)
}
