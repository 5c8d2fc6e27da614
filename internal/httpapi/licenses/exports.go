package licenses

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/device"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
)

// FileReader is the input of operations that return files. It has a query parameter for the
// language because a link cannot set headers.
type FileReader struct {
	httpapi.Reader
	Language i18n.Lang `query:"lang" doc:"The language of the file. The default is the language of Accept-Language."`
	httpapi.Separated
}

func (r FileReader) lang() i18n.Lang { return cmp.Or(r.Language, r.Lang()) }

func (o *operations) exportOperations() httpapi.Operations {
	return httpapi.Operations{
		"exportUsersCSV":               exporting(o, httpapi.FormatCSV, "users", "users", o.exportUsers),
		"exportUsersXLSX":              exporting(o, httpapi.FormatXLSX, "users", "users", o.exportUsers),
		"exportSubscriptionUsersCSV":   exporting(o, httpapi.FormatCSV, "holders of a subscription", "subscription-users", o.exportHolders),
		"exportSubscriptionUsersXLSX":  exporting(o, httpapi.FormatXLSX, "holders of a subscription", "subscription-users", o.exportHolders),
		"exportWaitingUsersCSV":        exporting(o, httpapi.FormatCSV, "users who wait for a licence", "waiting-users", o.exportWaiting),
		"exportWaitingUsersXLSX":       exporting(o, httpapi.FormatXLSX, "users who wait for a licence", "waiting-users", o.exportWaiting),
		"exportDevicesCSV":             exporting(o, httpapi.FormatCSV, "devices", "devices", o.exportDevices),
		"exportDevicesXLSX":            exporting(o, httpapi.FormatXLSX, "devices", "devices", o.exportDevices),
		"exportDeviceGroupsCSV":        exporting(o, httpapi.FormatCSV, "device groups", "device-groups", o.exportDeviceGroups),
		"exportDeviceGroupsXLSX":       exporting(o, httpapi.FormatXLSX, "device groups", "device-groups", o.exportDeviceGroups),
		"exportDeviceGroupDevicesCSV":  exporting(o, httpapi.FormatCSV, "devices of a device group", "device-group-devices", o.exportGroupDevices),
		"exportDeviceGroupDevicesXLSX": exporting(o, httpapi.FormatXLSX, "devices of a device group", "device-group-devices", o.exportGroupDevices),
		"exportAssignmentsCSV":         exporting(o, httpapi.FormatCSV, "licences of all users", "license-assignments", o.exportAssignments),
		"exportAssignmentsXLSX":        exporting(o, httpapi.FormatXLSX, "licences of all users", "license-assignments", o.exportAssignments),
		"exportConflictsCSV":           exporting(o, httpapi.FormatCSV, "conflicts", "conflicts", o.exportConflicts),
		"exportConflictsXLSX":          exporting(o, httpapi.FormatXLSX, "conflicts", "conflicts", o.exportConflicts),
		"exportConflictUsersCSV":       exporting(o, httpapi.FormatCSV, "users in a conflict", "conflict-users", o.exportConflictUsers),
		"exportConflictUsersXLSX":      exporting(o, httpapi.FormatXLSX, "users in a conflict", "conflict-users", o.exportConflictUsers),
	}
}

// fileInput is the input of an export.
type fileInput interface {
	lang() i18n.Lang
	SeparatorIn(lang i18n.Lang) sheet.Separator
}

// exporting returns a function that adds the operation of a list as a file.
func exporting[In fileInput](o *operations, f httpapi.Format, what, name string, table func(context.Context, *In) (httpapi.Export, error)) func(huma.API, huma.Operation) {
	return func(api huma.API, op huma.Operation) {
		op.Summary = "Download the " + what + " as " + strings.ToUpper(f.Extension)
		op.Description = "Returns the whole list, never a part of it. Columns have the names of the fields in JSON. No cell starts a formula in a spreadsheet program. " + httpapi.TooLargeForResponse
		op.Errors = append(op.Errors, http.StatusNotFound)
		f.Returns(&op)
		huma.Register(api, op, func(ctx context.Context, in *In) (*httpapi.File, error) {
			t, err := table(ctx, in)
			if err != nil {
				return nil, err
			}
			lang, now := (*in).lang(), o.Now()
			t.Name, t.About = name, fmt.Sprintf("trueup, %s", timeText(now))
			body, err := t.Write(f, (*in).SeparatorIn(lang))
			if err != nil {
				return nil, err
			}
			return f.Answer(ctx, o.Exports, string(lang), name+"-"+string(o.date(now))+"."+f.Extension, body)
		})
	}
}

type exportUsersInput struct {
	FileReader
	UserFilter
}

func (o *operations) exportUsers(ctx context.Context, in *exportUsersInput) (t httpapi.Export, err error) {
	subscriptions, err := o.forUsers(ctx, in.UserFilter)
	if err != nil {
		return t, err
	}
	q, err := o.query(in.UserFilter, subscriptions, httpapi.ParameterField)
	if err != nil {
		return t, err
	}
	all, _, err := o.Register.All(ctx, q)
	if err != nil {
		return t, err
	}
	t.Columns = []string{"userPrincipalName", "displayName", "objectId", "usageLocation", "department", "type", "enabled", "lastSignInAt", "licenses", "servicesOff", "createdAt", "deletedAt", "excludedFromSuggestions", "excludedUntil", "id"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for u := range all {
			shown := userOf(in.lang(), u, subscriptions)
			var names, off []string
			for _, l := range shown.Licenses {
				names = append(names, l.Name)
				if len(l.ServicesOff) > 0 {
					off = append(off, l.Name+": "+strings.Join(l.ServicesOff, " "))
				}
			}
			if !yield(cells(
				u.UPN, u.Name, u.ObjectID, u.Location, u.Department, string(u.Type), truth(!u.Disabled), timeText(u.Seen), strings.Join(names, "+"), strings.Join(off, "; "),
				timeText(u.CreatedAt), timeText(u.DeletedAt), truth(u.Excluded), string(u.ExcludedUntil), u.ID,
			)) {
				return
			}
		}
	}
	return t, nil
}

type exportHoldersInput struct {
	FileReader
	SubscriptionID
}

func (o *operations) exportHolders(ctx context.Context, in *exportHoldersInput) (t httpapi.Export, err error) {
	h, err := o.Subscriptions.Subscription(ctx, in.ID)
	if err != nil {
		return t, err
	}
	all, err := o.holders(ctx, in.ID)
	t.Columns = []string{"userPrincipalName", "displayName", "subscription", "assignedAt", "assignedBy", "servicesOff", "via", "id"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for u := range all {
			g := u.Licenses[in.ID]
			if !yield(cells(u.UPN, u.Name, h.Name, timeText(g.At), g.By, strings.Join(g.Off, " "), g.Via, u.ID)) {
				return
			}
		}
	}
	return t, err
}

// holders returns all users with a licence of a subscription, sorted by name.
func (o *operations) holders(ctx context.Context, subscriptionID string) (iter.Seq[subscription.User], error) {
	all, _, err := o.Register.All(ctx, subscription.Query{Subscription: subscriptionID, Sort: subscription.SortName, Now: o.Now()})
	return all, err
}

// exportAssignments has a row for each user and licence, sorted by the name of the user.
func (o *operations) exportAssignments(ctx context.Context, _ *FileReader) (t httpapi.Export, err error) {
	subscriptions, err := o.described(ctx)
	if err != nil {
		return t, err
	}
	licensed := true
	all, _, err := o.Register.All(ctx, subscription.Query{Licensed: &licensed, Sort: subscription.SortName, Now: o.Now()})
	t.Columns = []string{"userPrincipalName", "displayName", "subscription", "assignedAt", "assignedBy", "servicesOff", "via", "userId", "subscriptionId"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for u := range all {
			for _, id := range slices.SortedFunc(maps.Keys(u.Licenses), func(a, b string) int {
				return cmp.Or(strings.Compare(subscriptions[a].Name, subscriptions[b].Name), strings.Compare(a, b))
			}) {
				g := u.Licenses[id]
				if !yield(cells(u.UPN, u.Name, subscriptions[id].Name, timeText(g.At), g.By, strings.Join(g.Off, " "), g.Via, u.ID, id)) {
					return
				}
			}
		}
	}
	return t, err
}

type exportConflictsInput struct {
	FileReader
	ConflictFilter
}

func (o *operations) exportConflicts(ctx context.Context, in *exportConflictsInput) (t httpapi.Export, err error) {
	all, err := o.conflicts(ctx, in.lang(), in.ConflictFilter)
	t.Columns = []string{"subscription", "subscriptionKind", "kind", "quantity", "assigned", "shortBy", "since", "daysLeft", "overdue", "waysOut", "deviceGroup", "subscriptionId"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for _, c := range all {
			var ways []string
			for _, w := range c.WaysOut {
				ways = append(ways, w.Message)
			}
			row := cells(c.SubscriptionName, string(c.SubscriptionKind), string(c.Kind), "", "", "", timeText(c.Since), "", truth(c.Overdue), strings.Join(ways, " "), c.DeviceGroup, c.Subscription)
			for column, n := range map[int]int{3: c.Quantity, 4: c.Assigned, 5: c.ShortBy, 7: c.DaysLeft} {
				row[column] = sheet.Value{Number: n, Kind: sheet.KindNumber}
			}
			if !yield(row) {
				return
			}
		}
	}
	return t, err
}

type exportConflictUsersInput struct {
	FileReader
	Subscription string `path:"subscription" maxLength:"64" doc:"The id of a subscription with a conflict." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

func (o *operations) exportConflictUsers(ctx context.Context, in *exportConflictUsersInput) (t httpapi.Export, err error) {
	h, err := o.conflicting(ctx, in.Subscription)
	if err != nil {
		return t, err
	}
	all, err := o.holders(ctx, in.Subscription)
	t.Columns = []string{"userPrincipalName", "displayName", "subscription", "service", "serviceName", "id"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for u := range all {
			on := h.On(u)
			if len(on) == 0 { // a subscription without services
				on = []subscription.Service{{}}
			}
			for _, s := range on {
				if !yield(cells(u.UPN, u.Name, h.Name, s.ID, s.Name, u.ID)) {
					return
				}
			}
		}
	}
	return t, err
}

type exportDevicesInput struct {
	FileReader
	DeviceFilter
}

func (o *operations) exportDevices(ctx context.Context, in *exportDevicesInput) (t httpapi.Export, err error) {
	all, err := o.Devices.AllDevices(ctx, in.Prefix)
	if err != nil {
		return t, err
	}
	t.Columns = deviceColumns
	t.Rows = func(yield func([]sheet.Value) bool) {
		for _, d := range all {
			if !yield(deviceCells(in.lang(), d)) {
				return
			}
		}
	}
	return t, nil
}

var deviceColumns = []string{"displayName", "objectId", "deviceId", "operatingSystem", "operatingSystemVersion", "joinType", "enabled", "lastSignInAt", "eligible", "reasons", "createdAt", "id"}

// deviceCells returns a row of deviceColumns.
func deviceCells(lang i18n.Lang, d device.Device) []sheet.Value {
	shown := deviceOf(lang, d)
	var reasons []string
	for _, r := range shown.Reasons {
		reasons = append(reasons, r.Message)
	}
	return cells(d.Name, d.ObjectID, d.DeviceID, d.OS, d.OSVersion, string(d.Join), truth(shown.Enabled), timeText(d.Seen), truth(shown.Eligible), strings.Join(reasons, " "), timeText(d.CreatedAt), d.ID)
}

func (o *operations) exportDeviceGroups(ctx context.Context, _ *FileReader) (t httpapi.Export, err error) {
	groups, err := o.deviceGroups(ctx)
	t.Columns = []string{"name", "type", "objectId", "devices", "groups", "subscription", "waiting", "createdAt", "id"}
	t.Rows = func(yield func([]sheet.Value) bool) {
		for _, g := range groups {
			row := cells(g.Name, string(g.Type), g.ObjectID, "", strings.Join(g.Groups, " "), g.Subscription, truth(g.Waiting), timeText(g.CreatedAt), g.ID)
			row[3] = sheet.Value{Number: g.Count, Kind: sheet.KindNumber}
			if !yield(row) {
				return
			}
		}
	}
	return t, err
}

type exportGroupDevicesInput struct {
	FileReader
	GroupDevices
}

func (o *operations) exportGroupDevices(ctx context.Context, in *exportGroupDevicesInput) (t httpapi.Export, err error) {
	members, err := o.membersOf(ctx, in.GroupDevices)
	if err != nil {
		return t, err
	}
	devices, err := o.devicesOf(ctx, members)
	t.Columns = slices.Concat(deviceColumns, []string{"joinedAt", "licensed"})
	t.Rows = func(yield func([]sheet.Value) bool) {
		for i, d := range devices {
			if d.Version > 0 && !yield(append(deviceCells(in.lang(), d), cells(timeText(members[i].Joined), truth(members[i].Licensed))...)) {
				return
			}
		}
	}
	return t, err
}

// money returns a number of hundredths of a currency, which has a column of its own.
func money(hundredths int64) sheet.Value {
	return sheet.Value{Number: int(hundredths), Kind: sheet.KindHundredths}
}

func truth(b bool) string { return fmt.Sprint(b) }

// timeText formats a time; empty for none.
func timeText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func cells(texts ...string) []sheet.Value {
	row := make([]sheet.Value, len(texts), len(texts)+16)
	for i, text := range texts {
		row[i].Text = text
	}
	return row
}
