package dynamo_test

import (
	"strings"
	"testing"

	"trueup/internal/agreement"
	"trueup/internal/aws/dynamo"
	"trueup/internal/device"
	"trueup/internal/errs"
)

func TestR13_InventedCursors(t *testing.T) {
	t.Parallel()
	s := open(t)
	apply(t, s, "a.csv", "", rows{"Office": {"1"}})
	id := create(t, s, "Visio", agreement.Target{}, "2").ID
	for _, after := range []string{"", "a", "office\x00", "zzz", strings.Repeat("z", 1023), strings.Repeat("z", 1024), strings.Repeat("z", 3000)} {
		for list, ask := range map[string]func() error{
			"pairs": func() error {
				_, err := s.Agreements.Pairs(t.Context(), id, 10, dynamo.Cursor(after, "pairs", id))
				return err
			},
			"devices": func() error {
				_, err := s.Devices.Devices(t.Context(), device.Query{Limit: 10, Cursor: dynamo.Cursor(after, "devices", "")})
				return err
			},
			"devices by name": func() error {
				_, err := s.Devices.Devices(t.Context(), device.Query{Prefix: "P", Limit: 10, Cursor: dynamo.Cursor("NAME#"+after, "devices", "p")})
				return err
			},
			"imports": func() error {
				_, err := s.Imports.Imports(t.Context(), 10, dynamo.Cursor(after, "imports"))
				return err
			},
		} {
			if err := ask(); err != nil && errs.KindOf(err) != errs.Invalid {
				t.Errorf("%s after %d bytes: %v", list, len(after), err)
			}
		}
	}
}
