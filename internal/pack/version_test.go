package pack_test

import (
	"strings"
	"testing"

	"trueup/internal/pack"
)

func TestVersion(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stored  string
		want    int
		wantErr string
	}{
		"a list":                {stored: `[{"v":9}]`, want: 1},
		"null":                  {stored: `null`, want: 1},
		"nothing":               {stored: ``, want: 1},
		"without a version":     {stored: `{"lines":[{"v":9}]}`, want: 1},
		"an empty object":       {stored: `{}`, want: 1},
		"version 1":             {stored: `{"v":1,"lines":[]}`, want: 1},
		"the newest":            {stored: ` {"lines":[{"v":9}],"v":2}`, want: 2},
		"newer":                 {stored: `{"v":3}`, wantErr: "version 3, and this release reads versions 1 to 2"},
		"newer, and cut off":    {stored: `{"v":3,`, wantErr: "version 3"},
		"version 0":             {stored: `{"v":0}`, wantErr: "version 0"},
		"version as a text":     {stored: `{"v":"1"}`, wantErr: "cannot unmarshal string"},
		"cut off before it":     {stored: `{"lines":[`, wantErr: "unexpected EOF"},
		"cut off after a field": {stored: `{"lines":[],`, wantErr: "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := pack.Version([]byte(c.stored), "v", 2)
			if got != c.want || (err != nil) != (c.wantErr != "") || err != nil && !strings.Contains(err.Error(), c.wantErr) {
				t.Errorf("%d, %v; want %d and the error %q", got, err, c.want, c.wantErr)
			}
		})
	}
}
