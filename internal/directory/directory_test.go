package directory_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/directory"
)

var options = directory.Options{Now: time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)}

// at writes a moment; a dash for none.
func at(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return strings.TrimSuffix(t.Format("2006-01-02T15:04:05"), "T00:00:00")
}

// licensesOf writes licences; "not stated" for nil.
func licensesOf(refs []directory.LicenseRef) string {
	if refs == nil {
		return "not stated"
	}
	var texts []string
	for _, l := range refs {
		one := strings.Trim(l.SKU+" "+l.PartNumber, " ")
		if one == "" || l.SKU == "" && l.PartNumber != "" && l.Title != l.PartNumber {
			one = l.Title
		}
		if l.Off != nil {
			one += fmt.Sprintf(" off %v", l.Off)
		}
		texts = append(texts, one)
	}
	return "[" + strings.Join(texts, "; ") + "]"
}

var statedNames = []string{"id", "name", "location", "department", "type", "enabled", "seen", "registered", "system", "join"}

func stated(s directory.Stated) string {
	var names []string
	for i, name := range statedNames {
		if s.Has(1 << i) {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}

// written writes everything that a file gives, a line for each row and finding.
func written(t testing.TB, data []byte, o directory.Options) []string {
	t.Helper()
	var lines []string
	add := func(format string, args ...any) error {
		lines = append(lines, fmt.Sprintf(format, args...))
		return nil
	}
	f, err := directory.Read(bytes.NewReader(data), o, directory.Sink{
		User: func(u directory.UserRow) error {
			deleted, disabled := "", ""
			if u.Deleted {
				deleted = " deleted"
			}
			if u.User.Disabled {
				disabled = " disabled"
			}
			return add("%d %s|%s|%s|%s|%s|%s|seen %s%s%s|%s|states %s", u.Line, u.User.ObjectID, u.User.UPN, u.User.Name, u.User.Location, u.User.Department, u.User.Type, at(u.User.Seen), disabled, deleted, licensesOf(u.Licenses), stated(u.Stated))
		},
		Activity: func(a directory.ActivityRow) error {
			return add("%d %s|seen %s|deleted %v", a.Line, a.UPN, at(a.Seen), a.Deleted)
		},
		Device: func(d directory.DeviceRow) error {
			return add("%d %s|%s|%s|%s %s|%s|enabled %v|seen %s|registered %s|states %s", d.Line, d.ObjectID, d.DeviceID, d.Name, d.OS, d.OSVersion, d.Join, d.Enabled, at(d.Seen), at(d.Registered), stated(d.Stated))
		},
		Group: func(g directory.GroupRow) error {
			return add("%d %s|%s|unified %v dynamic %v security %v mail %v|%s", g.Line, g.ObjectID, g.Name, g.Unified, g.Dynamic, g.Security, g.Mail, g.Rule)
		},
		Member: func(m directory.MemberRow) error {
			return add("%d in %s|%s|%s|%s|%s|%s", m.Line, m.GroupID, m.Type, m.ObjectID, m.DeviceID, m.Name, m.UPN)
		},
		Subscription: func(s directory.SubscriptionRow) error {
			var services []string
			for _, v := range s.Subscription.Services {
				services = append(services, v.ID+" "+v.Name)
			}
			return add("%d %s|%s|%s|%s|quantity %d until %s|assigned %d expired %d lapsed %v|%s", s.Line, s.Subscription.Name, s.Subscription.Kind, s.Subscription.SKU, s.Subscription.PartNumber, s.Seats.Quantity, s.Seats.EndsOn, s.Assigned, s.Expired, s.Lapsed, strings.Join(services, ", "))
		},
		Rejected: func(id directory.Identity) error {
			return add("%d rejected %s|%s|%s|%s", id.Line, id.ObjectID, id.UPN, id.DeviceID, id.Name)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if f.Good+f.Rejected+f.Skipped != f.Rows {
		t.Errorf("%d good, %d rejected, %d skipped of %d rows", f.Good, f.Rejected, f.Skipped, f.Rows)
	}
	head := fmt.Sprintf("%s: %d good, %d rejected, %d skipped", f.Kind, f.Good, f.Rejected, f.Skipped)
	if f.Refused {
		head = fmt.Sprintf("%s: refused", f.Kind)
		lines = nil
	}
	if f.Part {
		head += ", a part"
	}
	if f.Refreshed != "" {
		head += ", as of " + string(f.Refreshed)
	}
	lines = append([]string{head}, lines...)
	for _, found := range f.Findings {
		line := fmt.Sprintf("%s %d:%d %s %s", found.Severity, found.Line, found.Position, found.Column, found.Code)
		if found.Value != "" {
			line += fmt.Sprintf(" %q", found.Value)
		}
		if found.Args != nil {
			line += fmt.Sprintf(" %v", map[string]string(found.Args))
		}
		lines = append(lines, line)
	}
	return lines
}

func check(t testing.TB, data []byte, o directory.Options, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, written(t, data, o)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
