package view_test

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"trueup/internal/access"
	"trueup/internal/day"
	"trueup/internal/errs"
	"trueup/internal/view"
)

func accepts(view.Report, url.Values) []errs.Violation { return nil }

func TestR8_8_Parse(t *testing.T) {
	t.Parallel()
	got, broken := view.Parse(view.Draft{
		Name: "  Ends   soon ", Report: view.Purchases, Filters: map[string]string{"status": " expiring ", "group": ""}, Sort: "end", Columns: []string{"name", "end"},
		Schedule: &view.Schedule{Every: view.Monthly, Day: 31, Format: view.XLSX, Lang: "nl"},
	}, accepts)
	want := view.Definition{
		Name: "Ends soon", Report: view.Purchases, Filters: map[string]string{"status": "expiring"}, Sort: "end", Order: "asc", Columns: []string{"name", "end"},
		Schedule: &view.Schedule{Every: view.Monthly, Day: 31, Format: view.XLSX, Lang: "nl"},
	}
	if diff := cmp.Diff(want, got); diff != "" || broken != nil {
		t.Errorf("%v (-want +got)\n%s", broken, diff)
	}
	if q := got.Parameters().Encode(); q != "columns=name%2Cend&order=asc&sort=end&status=expiring" {
		t.Error(q)
	}
}

// Each rule has a failing draft, and all violations of a draft are reported.
func TestR8_8_ParseReportsEveryViolation(t *testing.T) {
	t.Parallel()
	many := map[string]string{}
	for i := range 31 {
		many[strings.Repeat("f", i+1)] = "x"
	}
	for name, test := range map[string]struct {
		draft view.Draft
		want  []string
	}{
		"a name, filters with fields of their own, and a day": {
			view.Draft{Name: "a/b", Filters: map[string]string{"sort": "end", "date": "2026-11-21", "lang": "nl"}, Order: "desc"},
			[]string{"filters/date view_filter_unsaved", "filters/lang view_filter_unsaved", "filters/sort view_filter_field", "name name_characters", "order view_order_alone"},
		},
		"too many filters": {view.Draft{Name: "a", Filters: many}, []string{"filters view_filters_many"}},
		"too long":         {view.Draft{Name: "a", Filters: map[string]string{"group": strings.Repeat("a", 7001)}}, []string{"filters view_too_long"}},
		"weekly":           {view.Draft{Name: "a", Schedule: &view.Schedule{Every: view.Weekly, Day: 3}}, []string{"schedule/day view_day_alone", "schedule/weekday view_weekday_required"}},
		"monthly":          {view.Draft{Name: "a", Schedule: &view.Schedule{Every: view.Monthly, Weekday: "monday"}}, []string{"schedule/day view_day_required", "schedule/weekday view_weekday_alone"}},
		"refused": {
			view.Draft{Name: "a", Report: view.Purchases, Filters: map[string]string{"no": "x"}, Columns: []string{"y"}},
			[]string{"columns/0 value_enum", "filters/no parameter_unknown"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, broken := view.Parse(test.draft, func(view.Report, url.Values) []errs.Violation {
				return []errs.Violation{{Code: "parameter_unknown", Field: "no"}, {Code: "value_enum", Field: "columns[0]"}}
			})
			var got []string
			for _, v := range broken {
				got = append(got, v.Field+" "+v.Code)
			}
			slices.Sort(got)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestR8_8_After(t *testing.T) {
	t.Parallel()
	weekly := view.Schedule{Every: view.Weekly, Weekday: "sunday"}
	for name, test := range map[string]struct {
		schedule view.Schedule
		from     day.Date
		want     []day.Date
	}{
		"daily over a leap day":                 {view.Schedule{Every: view.Daily}, "2028-02-28", []day.Date{"2028-02-29", "2028-03-01"}},
		"weekly over both changes of the clock": {weekly, "2026-03-28", []day.Date{"2026-03-29", "2026-04-05"}},
		"weekly over the change in autumn":      {weekly, "2026-10-24", []day.Date{"2026-10-25", "2026-11-01"}},
		"monthly on the 31st":                   {view.Schedule{Every: view.Monthly, Day: 31}, "2026-12-31", []day.Date{"2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"}},
		"monthly on the 30th in a leap year":    {view.Schedule{Every: view.Monthly, Day: 30}, "2028-01-30", []day.Date{"2028-02-29", "2028-03-30"}},
		"monthly on the 1st":                    {view.Schedule{Every: view.Monthly, Day: 1}, "2026-11-30", []day.Date{"2026-12-01", "2027-01-01"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			date := test.from
			for _, want := range test.want {
				if date = test.schedule.After(date); date != want {
					t.Fatalf("%s, want %s", date, want)
				}
				if last := test.schedule.UpTo(date); last != date {
					t.Errorf("the last due day up to %s is %s", date, last)
				}
			}
		})
	}
}

// A simulated clock that is late at random never makes two files of a day, and always the latest.
func TestR8_8_DueOnEachDayOnce(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"UTC", "Europe/Brussels", "America/Los_Angeles", "Australia/Lord_Howe", "Pacific/Kiritimati"} {
		z := zone(t, name)
		for _, s := range []view.Schedule{{Every: view.Daily}, {Every: view.Weekly, Weekday: "sunday"}, {Every: view.Monthly, Day: 31}} {
			now := time.Date(2026, 1, 1, 12, 0, 0, 0, z)
			next := s.Begin(now, z)
			made := map[day.Date]bool{}
			for i := range 24 * 500 {
				now = now.Add(time.Hour)
				if i%97 < 60 && i%5 == 0 || next.After(now) {
					continue // the function did not run
				}
				date, after := s.Due(next, now, z)
				latest := s.UpTo(day.In(now, z))
				if view.Moment(latest, z).After(now) {
					before, _ := latest.Time()
					latest = s.UpTo(day.Of(before.AddDate(0, 0, -1)))
				}
				if made[date] || date != latest || !after.After(now) {
					t.Fatalf("%s %s at %s: %s again %v, latest %s, next %s", name, s.Every, now, date, made[date], latest, after)
				}
				made[date], next = true, after
			}
			if least := map[view.Every]int{view.Daily: 490, view.Weekly: 70, view.Monthly: 16}[s.Every]; len(made) < least {
				t.Errorf("%s %s: %d days", name, s.Every, len(made))
			}
		}
	}
}

func TestR8_8_EveryReasonHasASentence(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, r := range view.Reasons {
		for _, lang := range []string{"en", "nl", "fr"} {
			s := view.Stop{Reason: r, Text: "Because."}.Sentence(map[string]view.Schedule{lang: {}}[lang].Lang)
			if s == "" || strings.Contains(s, "_") || strings.Contains(s, "{") {
				t.Errorf("%s: %q", r, s)
			}
			seen[s] = true
		}
	}
	if len(seen) != len(view.Reasons) {
		t.Error(slices.Collect(maps.Keys(seen)))
	}
}

func TestR8_8_EditedSchedules(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	weekly := view.Definition{Name: "a", Schedule: &view.Schedule{Every: view.Weekly, Weekday: "monday"}}
	v := view.New("1", view.Owner{Subject: "ann"}, weekly, now, time.UTC)
	if want := time.Date(2026, 12, 7, 6, 0, 0, 0, time.UTC); !v.Sending.Next.Equal(want) {
		t.Errorf("first %s", v.Sending.Next)
	}
	asked, ok := v.Asked(now, time.UTC)
	if !ok || !asked.Sending.Next.Equal(now) {
		t.Errorf("asked %v %+v", ok, asked.Sending)
	}
	date, next := asked.Schedule.Due(asked.Sending.Next, now, time.UTC)
	made := asked.Made(date, now, next)
	if date != "2026-11-30" || !made.Sending.Announce || !made.Sending.Pending().Equal(now) {
		t.Errorf("%s %+v", date, made.Sending)
	}
	if other := made.Edited(view.Definition{Name: "a", Schedule: &view.Schedule{Every: view.Daily}}, now, time.UTC); !other.Sending.Announce || other.Sending.LastAt != now {
		t.Errorf("the message about the file is lost: %+v", other.Sending)
	}
	if _, again := made.Asked(now.Add(time.Hour), time.UTC); again {
		t.Error("two files of a day")
	}
	stopped := made.Announced().StoppedBy(view.Stop{Reason: view.ReasonGone, At: now}, true)
	renamed := stopped.Edited(view.Definition{Name: "b", Schedule: &view.Schedule{Every: view.Weekly, Weekday: "monday"}}, now, time.UTC)
	if stopped.Sending.State() != view.Stopped || renamed.Sending != stopped.Sending || renamed.Version != stopped.Version+1 {
		t.Errorf("a new name changed the schedule: %+v", renamed.Sending)
	}
	daily := stopped.Edited(view.Definition{Name: "b", Schedule: &view.Schedule{Every: view.Daily}}, now, time.UTC)
	if daily.Sending.State() != view.Active || daily.Sending.Last != "2026-11-30" || daily.Sending.Next.IsZero() || daily.Sending.Announce {
		t.Errorf("another schedule: %+v", daily.Sending)
	}
	if none := daily.Edited(view.Definition{Name: "b"}, now, time.UTC); !none.Sending.Next.IsZero() || none.Sending.Last == "" {
		t.Errorf("no schedule: %+v", none.Sending)
	}
	if seen := (view.Seen{At: now, Roles: []access.Role{access.GlobalAdmin}}); seen.Changed(now.Add(time.Hour), seen.Roles) || !seen.Changed(now.Add(time.Hour), nil) || !seen.Changed(now.Add(24*time.Hour), seen.Roles) {
		t.Error("seen")
	}
}

// A file keeps the name that it had, also if the view shows another report since.
func TestR8_8_NamesOfFiles(t *testing.T) {
	t.Parallel()
	v := view.View{Definition: view.Definition{Report: view.Comparison}}
	for report, want := range map[view.Report]string{view.Purchases: "license-purchases-2026-11-30.csv", "": "comparison-2026-11-30.csv"} {
		f := view.File{Report: report, Day: "2026-11-30", Format: view.CSV}.Of(v)
		if f.Name() != want {
			t.Errorf("%q: %s", report, f.Name())
		}
	}
}
