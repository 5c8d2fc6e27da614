package licenses

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
	"trueup/internal/httpapi"
	"trueup/internal/i18n"
	"trueup/internal/id"
	"trueup/internal/jobs"
	"trueup/internal/subscription"
)

// maxJobBody is the maximum size of the body of a job in bytes: 100,000 users of 38 characters. An event of
// Lambda has at most 6 MB, in which quotes take two bytes.
const maxJobBody = 4 << 20

// UserSelection selects users as the parameters of the list of users do.
type UserSelection struct {
	Text         string                `json:"q,omitempty" maxLength:"256" doc:"Only users that contain this text in their user principal name, display name or department, without regard to case and accents." example:"peeters"`
	Subscription string                `json:"subscription,omitempty" maxLength:"64" doc:"Only users who hold a licence of the subscription with this id."`
	Without      string                `json:"without,omitempty" maxLength:"64" doc:"Only users who hold no licence of the subscription with this id."`
	Licensed     *bool                 `json:"licensed,omitempty" doc:"Only users with at least one licence (true), or with none (false)."`
	Location     string                `json:"location,omitempty" maxLength:"64" doc:"Only users with this usage location, an ISO 3166-1 alpha-2 code." example:"BE"`
	Department   string                `json:"department,omitempty" maxLength:"256" doc:"Only users of this department, without regard to case and accents." example:"Sales"`
	Enabled      *bool                 `json:"enabled,omitempty" doc:"Only users who may (true) or may not (false) sign in."`
	Type         subscription.UserType `json:"type,omitempty" doc:"Only members, or only guests."`
	InactiveDays int                   `json:"inactiveDays,omitempty" minimum:"1" maximum:"3650" doc:"Only users who have not signed in for so many days. A user without a known sign-in counts from its creation." example:"90"`
	Conflict     bool                  `json:"conflict,omitempty" doc:"true: only users with a licence of a subscription that has a conflict." example:"true"`
	Sort         subscription.Sort     `json:"sort,omitempty" doc:"The order in which users get licences; displayName by default."`
	Order        httpapi.Direction     `json:"order,omitempty" doc:"Ascending (the default) or descending."`
}

// kept returns the selection as the record of a job has it.
func (s UserSelection) kept() *jobs.Selection {
	return &jobs.Selection{
		Text: s.Text, Subscription: s.Subscription, Without: s.Without, Licensed: s.Licensed, Location: strings.ToUpper(s.Location), Department: s.Department, Enabled: s.Enabled,
		Type: s.Type, InactiveDays: s.InactiveDays, Conflict: s.Conflict, Sort: cmp.Or(s.Sort, subscription.SortName), Descending: httpapi.Sorted{Order: s.Order}.Descending(),
	}
}

// selectionOf is the inverse of UserSelection.kept.
func selectionOf(s *jobs.Selection) *UserSelection {
	if s == nil {
		return nil
	}
	out := UserSelection{s.Text, s.Subscription, s.Without, s.Licensed, s.Location, s.Department, s.Enabled, s.Type, s.InactiveDays, s.Conflict, s.Sort, ""}
	if s.Descending {
		out.Order = "desc"
	}
	return &out
}

// filter returns the selection as the filter of a list.
func (s UserSelection) filter() UserFilter {
	asked := func(b *bool) Switch {
		switch {
		case b == nil:
			return ""
		case *b:
			return yes
		default:
			return no
		}
	}
	f := UserFilter{
		Text: s.Text, Subscription: s.Subscription, Without: s.Without, Licensed: asked(s.Licensed), Location: s.Location, Department: s.Department, Enabled: asked(s.Enabled),
		Type: s.Type, InactiveDays: s.InactiveDays, Sort: cmp.Or(s.Sort, subscription.SortName), Sorted: httpapi.Sorted{Order: s.Order},
	}
	if s.Conflict {
		f.Conflict = only
	}
	return f
}

// NewLicenseJob is licences to assign or to remove in the background.
type NewLicenseJob struct {
	Action        jobs.Action     `json:"action" doc:"assign: the licenses; remove: licences of the subscriptions."`
	Mode          Mode            `json:"mode,omitempty" doc:"Only for assign. add (the default): other licences stay; replace: licences that are not listed are removed."`
	Licenses      []Assignment    `json:"licenses,omitempty" maxItems:"40" doc:"Only for assign: the licences to assign; none with replace to remove all."`
	Subscriptions []string        `json:"subscriptions,omitempty" maxItems:"40" doc:"Only for remove: the ids of the subscriptions whose licences are removed." example:"[\"0v5z3m8k2qd7c1x9w4t6p3r8s2\"]"`
	Users         []string        `json:"users,omitempty" minItems:"1" maxItems:"100000" doc:"The ids or user principal names of the users. Either these or selection." example:"[\"ann.peeters@example.org\"]"`
	Selection     *UserSelection  `json:"selection,omitempty" doc:"Selects up to 100,000 users, as they are at the moment of this call. Without filters, it selects all users."`
	Acknowledge   Acknowledgement `json:"acknowledge,omitempty" doc:"service-data: required for remove and replace, except in a rehearsal."`
	DryRun        bool            `json:"dryRun,omitempty" doc:"Whether to rehearse: the results are those of the job if it were done now, and nothing changes." example:"false"`
}

// removes reports whether users can lose licences.
func (n NewLicenseJob) removes() bool { return n.Action == jobs.ActionRemove || n.Mode == modeReplace }

type createLicenseJobInput struct {
	httpapi.Reader
	httpapi.Repeatable
	Body NewLicenseJob
}

// Resolve implements huma.Resolver.
func (in *createLicenseJobInput) Resolve(huma.Context) []error {
	n := in.Body
	broken := slices.Concat(repeated("users", "", n.Users), repeated("subscriptions", "", n.Subscriptions), repeatedSubscriptions("licenses", n.Licenses))
	only := func(given bool, action jobs.Action, field string) {
		if given && n.Action != action {
			broken = append(broken, errs.Violation{Code: "license_job_setting", Field: field, Args: errs.Pairs("action", string(action))})
		}
	}
	switch n.Action {
	case jobs.ActionAssign, jobs.ActionRemove: // the schema reports others
		only(n.Mode != "", jobs.ActionAssign, "mode")
		only(n.Licenses != nil, jobs.ActionAssign, "licenses")
		only(n.Subscriptions != nil, jobs.ActionRemove, "subscriptions")
	}
	if n.Action == jobs.ActionAssign && len(n.Licenses) == 0 && n.Mode != modeReplace {
		broken = append(broken, errs.Violation{Code: "licenses_to_assign", Field: "licenses"})
	}
	if n.Action == jobs.ActionRemove && len(n.Subscriptions) == 0 {
		broken = append(broken, errs.Violation{Code: "field_required", Field: "subscriptions"})
	}
	if (n.Users == nil) == (n.Selection == nil) {
		broken = append(broken, errs.Violation{Code: "license_job_users", Field: "users"})
	}
	if n.Selection != nil {
		broken = append(broken, n.Selection.filter().unknownCountry("selection/")...)
	}
	return httpapi.Refusals(broken)
}

// LicenseJobTotals is the number of users of a job with each outcome, and of violations of each class.
type LicenseJobTotals struct {
	Assigned   int            `json:"assigned" minimum:"0" doc:"Users who got licences, or other services of a licence." example:"900"`
	Removed    int            `json:"removed" minimum:"0" doc:"Users who only lost licences." example:"0"`
	Unchanged  int            `json:"unchanged" minimum:"0" doc:"Users who had what was asked for." example:"80"`
	Refused    int            `json:"refused" minimum:"0" doc:"Users for whom nothing changed, because it may not." example:"20"`
	Violations map[string]int `json:"violations" doc:"The number of users with a violation of each class."`
}

// LicenseJob is a job that assigns or removes licences.
type LicenseJob struct {
	ID            string           `json:"id" doc:"The id of the job. Audit events of the users name it as call." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
	State         jobs.State       `json:"state" doc:"received: waits for earlier jobs; running: being done, or interrupted and continued within minutes; succeeded: each user has an outcome; failed: given up, and users without a result have no outcome."`
	Final         bool             `json:"final" doc:"Whether the work on the job is over." example:"true"`
	Action        jobs.Action      `json:"action" doc:"What the job does."`
	Mode          Mode             `json:"mode,omitempty" doc:"What happens to other licences; only for assign."`
	Subscriptions []string         `json:"subscriptions" doc:"The ids of the subscriptions whose licences are assigned or removed."`
	Selection     *UserSelection   `json:"selection,omitempty" doc:"How the users were selected; absent for a list of users."`
	DryRun        bool             `json:"dryRun" doc:"Whether nothing is changed, because the request asked for a rehearsal." example:"false"`
	Users         int              `json:"users" minimum:"0" doc:"The number of users." example:"1000"`
	Processed     int              `json:"processed" minimum:"0" doc:"The number of users who have an outcome, which the totals count." example:"1000"`
	Totals        LicenseJobTotals `json:"totals" doc:"The totals of the users who have an outcome."`
	Short         []Shortage       `json:"short,omitempty" doc:"After success: the subscriptions of which licences have to be bought for the users who are refused only because too few are free."`
	Reason        string           `json:"reason,omitempty" doc:"The code of why the job failed." example:"license_job_given_up"`
	Message       string           `json:"message,omitempty" doc:"The reason and what to do, in the reader's language."`
	By            string           `json:"by" doc:"Who made the job." example:"someone"`
	At            time.Time        `json:"at" doc:"When the job was made." example:"2026-11-29T09:30:00Z"`
	EndedAt       time.Time        `json:"endedAt,omitzero" doc:"When the work on the job ended." example:"2026-11-29T09:30:20Z"`
	Version       int64            `json:"version" minimum:"1" doc:"Grows with every change." example:"4"`
}

// licenseJobOf converts a record. subscriptions has the names.
func licenseJobOf(lang i18n.Lang, r jobs.Record, subscriptions map[string]subscription.Holding) LicenseJob {
	j := LicenseJob{
		ID: r.ID, State: r.State, Final: r.Final(), Action: r.Action, Subscriptions: r.Subscriptions, Selection: selectionOf(r.Selection), DryRun: r.DryRun, Users: r.Users, Processed: r.Position,
		Totals: LicenseJobTotals{r.Counts.Assigned, r.Counts.Removed, r.Counts.Unchanged, r.Counts.Refused, map[string]int{}},
		Short:  shortages(r.Short, subscriptions), Reason: r.Reason, By: r.By, At: r.At.UTC(), EndedAt: r.EndedAt.UTC(), Version: r.Version,
	}
	if j.Subscriptions == nil {
		j.Subscriptions = []string{}
	}
	if r.Action == jobs.ActionAssign {
		j.Mode = modeAdd
		if r.Replace {
			j.Mode = modeReplace
		}
	}
	for class, n := range r.Counts.Violations {
		j.Totals.Violations[string(class)] = n
	}
	if r.Reason != "" {
		j.Message = i18n.Text(lang, r.Reason, r.Args)
	}
	return j
}

func (o *operations) jobOperations() httpapi.Operations {
	return httpapi.Operations{
		"createLicenseJob": o.createLicenseJob, "listLicenseJobs": o.listLicenseJobs, "getLicenseJob": o.getLicenseJob, "listLicenseJobResults": o.listLicenseJobResults,
		"exportLicenseJobResultsCSV":  exporting(o, httpapi.FormatCSV, "results of a job", "license-job", o.exportJobResults),
		"exportLicenseJobResultsXLSX": exporting(o, httpapi.FormatXLSX, "results of a job", "license-job", o.exportJobResults),
	}
}

type createLicenseJobOutput struct {
	Location string `header:"Location" doc:"The address of the job."`
	Body     httpapi.Reply[LicenseJob]
}

func (o *operations) createLicenseJob(api huma.API, op huma.Operation) {
	op.Summary = "Assign or remove licences of up to 100,000 users"
	op.Description = "Makes a job that assigns, replaces or removes licences in the background, by the rules of the calls about many users, and answers at once. The users are a list, in a body of at most 4 MiB, or those whom filters select at the moment of this call. " +
		"Jobs are done one after another. Each user gets all of it or nothing, and exactly one outcome; when licences run out, earlier users win. A job that is interrupted is continued; up to 1,000 users who were done just before may then count as unchanged instead of removed. " +
		servicesOffText + " Removing and replacing need the permission to remove licences, too."
	op.DefaultStatus = http.StatusAccepted
	op.Errors = append(op.Errors, http.StatusConflict)
	httpapi.Receiving(&op, maxJobBody)
	huma.Register(api, op, func(ctx context.Context, in *createLicenseJobInput) (*createLicenseJobOutput, error) {
		if in.Body.removes() {
			if err := httpapi.Allow(ctx, access.RemoveLicense); err != nil {
				return nil, err
			}
		}
		now := o.Now()
		made, err := httpapi.Once(ctx, o.Kernel, in.Repeatable, now, op.OperationID, in.Body, func(call httpapi.Call[LicenseJob]) (httpapi.Reply[LicenseJob], error) {
			return o.makeJob(ctx, in, now, call)
		})
		if err != nil {
			return nil, err
		}
		return &createLicenseJobOutput{"/license-jobs/" + made.Value.ID, made}, nil
	})
}

// makeJob stores a job and starts it.
func (o *operations) makeJob(ctx context.Context, in *createLicenseJobInput, now time.Time, call httpapi.Call[LicenseJob]) (reply httpapi.Reply[LicenseJob], err error) {
	n := in.Body
	subscriptions, err := o.holdings(ctx)
	if err != nil {
		return reply, err
	}
	work := jobs.Input{Licenses: assignments(n.Licenses), Remove: n.Subscriptions, Replace: n.Mode == modeReplace}
	permission, named, unknown := access.AssignLicense, n.Subscriptions, []errs.Violation(nil)
	if n.Action == jobs.ActionRemove {
		permission = access.RemoveLicense
	}
	for _, a := range n.Licenses {
		named = append(named, a.Subscription)
	}
	for i, id := range named {
		if _, known := subscriptions[id]; !known {
			field := "subscriptions/" + strconv.Itoa(i)
			if n.Action == jobs.ActionAssign {
				field = "licenses/" + strconv.Itoa(i) + "/subscription"
			}
			unknown = append(unknown, errs.Violation{Code: subscription.SubscriptionGone, Field: field, Value: id})
		}
	}
	if err := errs.Violated(unknown); err != nil {
		return reply, err
	}
	losing, err := o.selectUsers(ctx, n, subscriptions, &work)
	if err != nil {
		return reply, err
	}
	if n.removes() && !n.DryRun && n.Acknowledge != acknowledgeData {
		return reply, errs.New(errs.Conflict, "acknowledgement_required", "users", strconv.Itoa(losing.users), "licenses", strconv.Itoa(losing.licenses))
	}
	event := o.EventAs(ctx, permission, now, "license_job.created")
	r := jobs.Record{
		ID: id.New(now, o.NewID()), At: now, By: event.By, ByName: event.ByName, Role: event.Role, RequestID: event.RequestID, Source: event.Source, Action: n.Action, Replace: work.Replace,
		Subscriptions: named, DryRun: n.DryRun, Users: len(work.UserIDs), State: jobs.StateReceived, Version: 1,
	}
	if n.Selection != nil {
		r.Selection = n.Selection.kept()
	}
	if reply, err = call.Reply(licenseJobOf(in.Lang(), r, subscriptions)); err != nil {
		return reply, err
	}
	// Of two calls with the same Idempotency-Key, the input of one may stay behind without a record.
	if err := jobs.WriteInput(ctx, o.Exports, r.ID, work); err != nil {
		return reply, err
	}
	event.Subject = "license-job/" + r.ID
	event.After = map[string]string{"action": string(n.Action), "users": strconv.Itoa(r.Users), "subscriptions": strings.Join(named, " "), "dryRun": strconv.FormatBool(n.DryRun)}
	if n.Action == jobs.ActionAssign {
		event.After["mode"] = string(reply.Value.Mode)
	}
	first, err := o.Jobs.CreateJob(ctx, r, reply.Change(event))
	if err == nil && first == nil {
		if err := o.StartJobs(ctx); err != nil {
			o.Log.WarnContext(ctx, "license job not started", "job", r.ID, "error", err) // the schedule does it
		}
	}
	return reply.OrFirst(first, err)
}

// losing is the number of users of a job who lose licences as of now, and of these licences.
type losing struct{ users, licenses int }

// selectUsers adds the users of a job to its input.
func (o *operations) selectUsers(ctx context.Context, n NewLicenseJob, subscriptions map[string]subscription.Holding, in *jobs.Input) (loses losing, err error) {
	want := subscription.Want{Add: in.Licenses, Remove: in.Remove, Replace: in.Replace}
	count := func(u subscription.User) {
		lost := 0
		for id := range u.Licenses {
			if want.Removes(id) {
				lost++
			}
		}
		if lost > 0 {
			loses.users++
			loses.licenses += lost
		}
	}
	if n.Selection != nil {
		q, err := o.query(n.Selection.filter(), subscriptions, "selection/")
		if err != nil {
			return loses, err
		}
		all, totals, err := o.Register.All(ctx, q)
		switch {
		case err != nil:
			return loses, err
		case totals.Users == 0:
			return loses, errs.Violated([]errs.Violation{{Code: "license_job_nobody", Field: "selection"}})
		case totals.Users > jobs.MaxUsers:
			return loses, errs.Violated([]errs.Violation{{Code: "license_job_too_many", Field: "selection", Args: errs.Pairs("users", strconv.Itoa(totals.Users), "max", strconv.Itoa(jobs.MaxUsers))}})
		}
		for u := range all {
			in.UserIDs = append(in.UserIDs, u.ID)
			count(u)
		}
		return loses, nil
	}
	in.UserIDs = slices.Clone(n.Users)
	if !n.removes() && !slices.ContainsFunc(n.Users, isUPN) {
		return loses, nil
	}
	// The register has all users in memory. Reading 100,000 items would take longer than a caller waits.
	all, _, err := o.Register.All(ctx, subscription.Query{Now: o.Now()})
	if err != nil {
		return loses, err
	}
	at := make(map[string][]int, len(n.Users)) // the positions by id, or by folded user principal name
	for i, key := range n.Users {
		if isUPN(key) {
			key = subscription.FoldUPN(key)
		}
		at[key] = append(at[key], i)
	}
	in.Given = map[int]string{}
	for u := range all {
		byName := at[subscription.FoldUPN(u.UPN)]
		for _, i := range byName {
			in.UserIDs[i], in.Given[i] = u.ID, n.Users[i]
		}
		if byName != nil || at[u.ID] != nil {
			count(u)
		}
	}
	return loses, errs.Violated(repeated("users", "", in.UserIDs))
}

// jobView is a record with the names that its answer needs.
type jobView struct {
	jobs.Record
	subscriptions map[string]subscription.Holding
}

// views adds names to records.
func (o *operations) views(ctx context.Context, records ...jobs.Record) (views []jobView, err error) {
	var subscriptions map[string]subscription.Holding
	if slices.ContainsFunc(records, func(r jobs.Record) bool { return len(r.Short) > 0 }) {
		if subscriptions, err = o.holdings(ctx); err != nil {
			return nil, err
		}
	}
	for _, r := range records {
		views = append(views, jobView{r, subscriptions})
	}
	return views, nil
}

func (o *operations) listLicenseJobs(api huma.API, op huma.Operation) {
	op.Summary = "List jobs that change licences"
	op.Description = "Lists the jobs with their progress, the newest first."
	httpapi.List(api, op, func(ctx context.Context, limit int, cursor string) ([]jobView, string, error) {
		page, err := o.Jobs.Jobs(ctx, limit, cursor)
		if err != nil {
			return nil, "", err
		}
		views, err := o.views(ctx, page.Items...)
		return views, page.Next, err
	}, func(lang i18n.Lang, v jobView) LicenseJob { return licenseJobOf(lang, v.Record, v.subscriptions) })
}

// LicenseJobID is the path parameter of a job.
type LicenseJobID struct {
	ID string `path:"id" maxLength:"64" doc:"The id of the job." example:"0v5z3m8k2qd7c1x9w4t6p3r8s2"`
}

// RecordID returns the id.
func (i LicenseJobID) RecordID() string { return i.ID }

type getLicenseJobInput struct {
	httpapi.Reader
	LicenseJobID
	httpapi.Condition
}

func (o *operations) getLicenseJob(api huma.API, op huma.Operation) {
	op.Summary = "Read a job that changes licences"
	op.Description = "Returns a job with its progress: how many users are processed, and how many have each outcome. Poll it with If-None-Match until it is final."
	httpapi.Read[getLicenseJobInput](api, op, func(ctx context.Context, id string) (jobs.Record, int64, error) {
		r, err := o.Jobs.Job(ctx, id)
		return r, r.Version, err
	}, func(ctx context.Context, lang i18n.Lang, r jobs.Record) (LicenseJob, error) {
		views, err := o.views(ctx, r)
		if err != nil {
			return LicenseJob{}, err
		}
		return licenseJobOf(lang, r, views[0].subscriptions), nil
	})
}
