package archive

import (
	"archive/tar"
	"errors"
	"io"

	"golang.org/x/text/encoding/charmap"
)

// tar adds the members of a tar file.
func (w *walker) tar(data []byte, c container) {
	m := &meter{w: w, data: data}
	r := tar.NewReader(m)
	for {
		h, err := r.Next()
		switch {
		case err == io.EOF:
			return
		case errors.Is(err, errSpent):
			w.unreadable(c.title(), err)
			return
		case err != nil && !errors.Is(err, tar.ErrInsecurePath):
			w.defect("%s: the tar file is broken before byte %d: %s", c.title(), m.pos, err)
			return
		}
		path, ok := w.add(c, decode([]byte(h.Name), charmap.Windows1252), false)
		if !ok {
			return
		}
		if h.Typeflag == tar.TypeReg || h.Typeflag == tar.TypeGNUSparse || h.Typeflag == tar.TypeCont {
			w.inside(path, c, r)
		}
	}
}
