package directories

import (
	"context"
	"slices"
	"strconv"

	"trueup/internal/lease"
	"trueup/internal/licensing"
	"trueup/internal/sheet"
	"trueup/internal/subscription"
)

// heldAbove is the part of the users, in percent, that a file may delete without a confirmation.
const heldAbove = 20

// mayDelete reports whether a file may delete as many users or devices as it lacks, of all that were stored
// before it. If not, they are held. If so, that is stored before the first is deleted: an attempt after a death
// deletes the rest, which alone might not be allowed, and counts what the attempts before it deleted.
func (j *job) mayDelete(ctx context.Context, missing, stored int) (bool, error) {
	switch {
	case j.Deleting > 0:
		j.Deleted = max(j.Deleted, j.Deleting-missing)
		return true, nil
	case missing == 0:
		return true, nil
	case missing*100 > heldAbove*stored && j.settings.Confirmed != missing:
		j.Held = missing
		return false, nil
	}
	j.Deleting = missing
	return true, j.save(ctx)
}

// missing deletes the users that a complete list lacks or states to be deleted, if the settings say so.
func (l *list) missing(ctx context.Context) error {
	if !l.settings.Delete {
		return nil
	}
	if l.Part { // the reader has warned about it
		return nil
	}
	if l.rejects < l.file.Rejected { // the others may be about users that seem to be missing
		l.find(sheet.SeverityWarning, 0, "", "directory_missing_unsure")
		return nil
	}
	var ids []string
	for _, i := range l.gone {
		ids = append(ids, l.all[i].id)
	}
	for _, u := range l.all {
		if !u.deleted && !u.listed && !u.created.After(l.Object.At) {
			ids = append(ids, u.id)
		}
	}
	allowed, err := l.mayDelete(ctx, len(ids), l.current)
	if err != nil {
		return err
	}
	if !allowed {
		l.find(sheet.SeverityWarning, 0, "", "directory_missing_held", "users", strconv.Itoa(len(ids)), "of", strconv.Itoa(l.current), "percent", strconv.Itoa(heldAbove))
		return nil
	}
	for some := range slices.Chunk(ids, window) {
		results, err := l.licenses().Delete(ctx, licensing.Deletion{UserIDs: some, Acknowledged: true, Call: l.call(), Today: l.today(), Event: l.event})
		if err != nil {
			return err
		}
		for _, r := range results {
			if r.Outcome == subscription.Deleted {
				l.Deleted++
			}
		}
		l.done(l.position)
		if err := l.save(ctx); err != nil {
			return err
		}
		if l.isEnding(ctx) {
			return lease.ErrInterrupted
		}
	}
	return nil
}
