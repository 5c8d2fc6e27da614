package directories

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"trueup/internal/day"
	"trueup/internal/directory"
	"trueup/internal/errs"
	"trueup/internal/id"
	"trueup/internal/once"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
	"trueup/internal/text"
)

// subscriptions applies a file of subscriptions: at most directory.MaxSubscriptions rows, so it is always
// applied as a whole.
func (j *job) subscriptions(ctx context.Context, content *scratch, lists []directory.Kind) error {
	j.Counts, j.Position = Counts{Rows: j.Rows}, 0 // a repetition reads what the attempt before it stored
	var rows []directory.SubscriptionRow
	_, err := j.read(content, lists, directory.Sink{Subscription: func(s directory.SubscriptionRow) error {
		rows = append(rows, s)
		return nil
	}})
	if err != nil {
		return err
	}
	stored, err := j.Subscriptions.Subscriptions(ctx)
	if err != nil {
		return err
	}
	listed := map[string]bool{}
	for _, row := range rows {
		h, several := find(row, stored)
		switch {
		case several:
			j.Rejected++
			j.find(sheet.SeverityError, row.Line, row.Subscription.Name, "directory_subscription_several", "sku", row.Subscription.SKU)
			for _, h := range sameSKU(row, stored) {
				listed[h.ID] = true
			}
		case h == nil:
			err = j.create(ctx, row)
		default:
			listed[h.ID] = true
			err = j.update(ctx, row, *h)
		}
		if err != nil {
			return err
		}
	}
	if j.file.Rejected > 0 || j.Part {
		return nil // a row that cannot be read may be one that seems to be missing
	}
	for _, h := range stored {
		if !listed[h.ID] {
			j.find(sheet.SeverityHint, 0, h.Name, "directory_subscription_missing", "subscription", h.Name)
		}
	}
	return nil
}

// sameSKU returns the stored subscriptions with the SKU of a row.
func sameSKU(row directory.SubscriptionRow, stored []subscription.Holding) []subscription.Holding {
	return slices.DeleteFunc(slices.Clone(stored), func(h subscription.Holding) bool {
		return row.Subscription.SKU == "" || !strings.EqualFold(h.SKU, row.Subscription.SKU)
	})
}

// find returns the stored subscription that a row is about: the one with its SKU, or else with its name.
// nil if there is none. several says that more than one has the SKU and none of them the name.
func find(row directory.SubscriptionRow, stored []subscription.Holding) (found *subscription.Holding, several bool) {
	name := text.Fold(row.Subscription.Name)
	candidates := sameSKU(row, stored)
	named := func(in []subscription.Holding) *subscription.Holding {
		i := slices.IndexFunc(in, func(h subscription.Holding) bool { return text.Fold(h.Name) == name })
		if i < 0 {
			return nil
		}
		return &in[i]
	}
	switch {
	case len(candidates) == 1:
		return &candidates[0], false
	case len(candidates) > 1:
		found = named(candidates)
		return found, found == nil
	}
	if found = named(stored); found != nil && found.SKU != "" && row.Subscription.SKU != "" {
		return nil, false // of another product: creating it says that the name is taken
	}
	return found, false
}

// create stores a new subscription.
func (j *job) create(ctx context.Context, row directory.SubscriptionRow) error {
	h := subscription.Holding{Subscription: row.Subscription, Seats: row.Seats}
	h.ID = id.New(j.Object.At, "subscription\x00"+j.ID+"\x00"+text.Fold(h.Name))
	h.CreatedAt, h.Version = j.now(), 1
	h.Seats.Available, h.Seats.AsOf, h.Seats.Version = h.Seats.Quantity, j.Object.At, 1
	if _, err := j.Subscriptions.Subscription(ctx, h.ID); errs.KindOf(err) != errs.NotFound {
		if err == nil {
			j.Created++ // by an attempt that died
		}
		return err
	}
	_, err := j.Subscriptions.Create(ctx, h, once.Change{Event: j.event("subscription.created")})
	switch code := codeOf(err); code {
	case "":
		if err != nil {
			return err
		}
		j.Created++
		j.lapsed(row, h.Seats)
		j.assigned(row, h.Seats)
	default:
		j.Rejected++
		j.find(sheet.SeverityError, row.Line, h.Name, code, argsOf(err)...)
	}
	return nil
}

// codeOf returns the code of an error that is about the row; empty for a fault and for none.
func codeOf(err error) string {
	e := errs.As(err)
	if err == nil || e == nil || e.Kind != errs.Conflict && e.Kind != errs.Invalid {
		return ""
	}
	if len(e.Violations) > 0 {
		return e.Violations[0].Code
	}
	return e.Code
}

func argsOf(err error) (args []string) {
	e := errs.As(err)
	from := e.Args
	if len(e.Violations) > 0 {
		from = e.Violations[0].Args
	}
	for name, value := range from {
		args = append(args, name, value)
	}
	return args
}

// update makes a stored subscription agree with a row.
func (j *job) update(ctx context.Context, row directory.SubscriptionRow, h subscription.Holding) error {
	described, err := j.describe(ctx, row, h.Subscription)
	if err != nil {
		return err
	}
	var refused, changed bool
	var differs []sheet.Finding
	var was, is subscription.Seats
	edit := j.Subscriptions.Reseat(h.ID, func(h subscription.Holding) (subscription.Seats, error) {
		refused, changed, differs, was = false, false, nil, h.Seats // may be called again
		is = h.Seats
		if err := j.Devices.Use(ctx, []*subscription.Holding{&h}); err != nil {
			return is, err
		}
		if h.Seats.AsOf.After(j.Object.At) {
			differs = append(differs, j.about(sheet.SeverityHint, row, "directory_older", "date", string(day.In(h.Seats.AsOf, j.Zone))))
			return is, nil
		}
		n := row.Seats.Quantity
		is, err = h.WithQuantity(n, j.settings.Lower, j.Object.At)
		if err != nil {
			refused = true
			differs = append(differs, j.about(sheet.SeverityError, row, "directory_below_assigned", "quantity", strconv.Itoa(n), "assigned", strconv.Itoa(h.Used())))
			return is, nil //nolint:nilerr // the finding says why
		}
		var more []sheet.Finding
		is, more = j.term(row, is)
		differs = append(differs, more...)
		changed = is.Version > was.Version
		is = is.Stated(j.Object.At) // also if the numbers are the same
		if is.Version > was.Version {
			is.Version = was.Version + 1 // one change, of the quantity, the term, the moment or several
		}
		return is, nil
	})
	event := j.event("subscription.read_from_file")
	event.After = map[string]string{"asOf": j.Object.At.UTC().Format(time.RFC3339)}
	_, _, err = edit.Apply(ctx, once.Change{Event: event})
	switch {
	case errs.KindOf(err) == errs.NotFound: // deleted meanwhile
		j.Skipped++
		return nil
	case err != nil:
		return err
	}
	if is.Version > was.Version && is.Available > 0 {
		j.licenses().ServeFirst(ctx, []string{h.ID}, j.today(), j.event)
	}
	switch {
	case refused:
		j.Rejected++
	case described || changed:
		j.Changed++
	default:
		j.Unchanged++
	}
	if len(differs) > 0 {
		j.Differ++
	}
	for _, f := range differs {
		j.find(f.Severity, f.Line, f.Value, f.Code, pairs(f.Args)...)
	}
	j.lapsed(row, is)
	j.assigned(row, is)
	return nil
}

// lapsed reports that no licence of a subscription can be assigned, because all have expired.
func (j *job) lapsed(row directory.SubscriptionRow, s subscription.Seats) {
	if row.Lapsed && s.Status(day.In(j.now(), j.Zone)) == subscription.Expired {
		j.find(sheet.SeverityWarning, row.Line, row.Subscription.Name, "directory_lapsed")
	}
}

func pairs(args errs.Args) (list []string) {
	for name, value := range args {
		list = append(list, name, value)
	}
	return list
}

func (j *job) about(severity sheet.Severity, row directory.SubscriptionRow, code string, args ...string) sheet.Finding {
	return sheet.Finding{Severity: severity, Line: row.Line, Value: row.Subscription.Name, Code: code, Args: errs.Pairs(args...)}
}

// term returns the seats with the end that a row states, if it is later. An earlier one is only reported:
// it would make licences expire that the organisation may have renewed here.
func (j *job) term(row directory.SubscriptionRow, s subscription.Seats) (subscription.Seats, []sheet.Finding) {
	today := day.In(j.now(), j.Zone)
	stated, end := row.Seats.EndsOn, s.End(today)
	switch {
	case stated == "" || stated == end || s.AutoRenew && stated == s.EndsOn:
		return s, nil
	case end == "" || stated > end:
		s.EndsOn = stated
		s.Version++
		return s, nil
	}
	return s, []sheet.Finding{j.about(sheet.SeverityHint, row, "directory_end_differs", "date", string(stated), "end", string(end))}
}

// describe adds what the description of a subscription lacks: the SKU, the part number, and services.
// Services that differ are reported.
func (j *job) describe(ctx context.Context, row directory.SubscriptionRow, stored subscription.Subscription) (changed bool, err error) {
	after := stored
	after.SKU, after.PartNumber = cmp.Or(after.SKU, row.Subscription.SKU), cmp.Or(after.PartNumber, row.Subscription.PartNumber)
	stated := row.Subscription.Services
	switch {
	case len(stated) == 0:
	case len(stored.Services) == 0:
		after.Services = stated
	case !slices.Equal(serviceIDs(stored.Services), serviceIDs(stated)):
		j.find(sheet.SeverityHint, row.Line, row.Subscription.Name, "directory_services_differ")
	}
	if after.SKU == stored.SKU && after.PartNumber == stored.PartNumber && len(after.Services) == len(stored.Services) {
		return false, nil
	}
	_, err = j.Subscriptions.Describe(ctx, stored, after, j.event("subscription.edited"))
	if kind := errs.KindOf(err); kind == errs.Stale || kind == errs.NotFound {
		return false, nil // changed or deleted by somebody meanwhile: the next file tries again
	}
	return err == nil, err
}

func serviceIDs(services []subscription.Service) []string {
	ids := make([]string, len(services))
	for i, s := range services {
		ids[i] = text.Fold(s.ID)
	}
	slices.Sort(ids)
	return ids
}

// assigned reports another number of users with a licence than the row states.
func (j *job) assigned(row directory.SubscriptionRow, s subscription.Seats) {
	if row.Assigned >= 0 && row.Subscription.Kind == subscription.ForUsers && row.Assigned != s.Assigned {
		j.find(sheet.SeverityHint, row.Line, row.Subscription.Name, "directory_assigned_differs", "assigned", strconv.Itoa(row.Assigned), "here", strconv.Itoa(s.Assigned))
	}
}

// Recount compares the number of users with a licence of each subscription, in the register, with the seats.
// It returns an error if they differ and nobody is changing them: then licences could be over-assigned, or
// lost.
func (s *Service) Recount(ctx context.Context) error {
	var before map[string][2]int
	for range recounts {
		wrong, err := s.wrong(ctx)
		if err != nil {
			return err
		}
		for id, numbers := range wrong {
			if before[id] != numbers && before != nil {
				delete(wrong, id) // it changed while it was read
			}
		}
		if len(wrong) == 0 {
			s.Log.InfoContext(ctx, "seats recounted")
			return nil
		}
		before = wrong
	}
	for id, numbers := range before {
		s.Log.ErrorContext(ctx, "seats differ", "subscription", id, "users", numbers[0], "assigned", numbers[1])
	}
	return errSeats
}

// recounts is how often a difference must be found: users and seats are read one after the other, and
// change meanwhile.
const recounts = 5

var errSeats = errors.New("directories: seats differ from the users who hold them")

// wrong returns, by the ids of subscriptions whose numbers differ, the number of users and the number of seats
// that are assigned.
func (s *Service) wrong(ctx context.Context) (map[string][2]int, error) {
	all, err := s.Subscriptions.Subscriptions(ctx)
	if err != nil {
		return nil, err
	}
	holders, err := s.Register.Counts(ctx)
	if err != nil {
		return nil, err
	}
	wrong := map[string][2]int{}
	for _, h := range all {
		if h.Kind != subscription.ForUsers {
			continue
		}
		if holders[h.ID] != h.Seats.Assigned || h.Seats.Available != h.Seats.Quantity-h.Seats.Assigned {
			wrong[h.ID] = [2]int{holders[h.ID], h.Seats.Assigned}
		}
		delete(holders, h.ID)
	}
	for id, users := range holders { // of a subscription that does not exist
		wrong[id] = [2]int{users, 0}
	}
	return wrong, nil
}
