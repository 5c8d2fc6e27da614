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
	if len(ids) == 0 {
		return nil
	}
	if len(ids)*100 > heldAbove*l.current && l.settings.Confirmed != len(ids) && l.Deleted == 0 {
		l.Held = len(ids)
		l.find(sheet.SeverityWarning, 0, "", "directory_missing_held", "users", strconv.Itoa(len(ids)), "of", strconv.Itoa(l.current), "percent", strconv.Itoa(heldAbove))
		return nil
	}
	for some := range slices.Chunk(ids, window) {
		results, err := l.licenses().Delete(ctx, licensing.Deletion{UserIDs: some, Acknowledged: true, Today: l.today(), Event: l.event})
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
