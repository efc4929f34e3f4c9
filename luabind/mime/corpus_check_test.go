package mime

import (
	"strings"
	"testing"
)

func TestCorpus(t *testing.T) {
	for _, c := range corpus(t) {
		t.Run(c.name, func(t *testing.T) {
			m := checkWhole(t, c.raw)
			got := m.Defects()
			t.Log("\n"+outline(m), got)
			for _, want := range c.want {
				if !strings.Contains(strings.Join(got, "\n")+"\n", want) {
					t.Errorf("got %q, want %q", got, want)
				}
			}
			if c.want == nil && len(got) > 0 {
				t.Errorf("got %q, want no defect", got)
			}
		})
	}
}
