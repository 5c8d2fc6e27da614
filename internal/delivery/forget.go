package delivery

import (
	"context"
	"slices"
	"strings"

	"trueup/internal/day"
	"trueup/internal/objects"
	"trueup/internal/pack"
	"trueup/internal/retention"
	"trueup/internal/view"
)

// Forget returns the step that deletes old files of views, and those of views that were deleted. The record of a
// file is deleted first, and its object when no table can be restored to a moment at which there was a record.
func Forget(store Store, files objects.Bucket) retention.Step {
	return retention.Step{Name: "files of views", Forget: func(ctx context.Context, c retention.Cutoff) (deleted int, err error) {
		listed, err := files.List(ctx, view.FilesPrefix)
		if err != nil {
			return 0, err
		}
		var ids []string // sorted, because the keys are
		for _, o := range listed {
			if id, _, ok := partsOf(o.Key); ok {
				ids = append(ids, id)
			}
		}
		exist, err := store.Exist(ctx, slices.Compact(ids))
		if err != nil {
			return 0, err
		}
		// Objects that are deleted come first, and each batch is complete, so that what one night does not reach, the next one does.
		var last, others []old
		for _, o := range listed {
			id, date, ok := partsOf(o.Key)
			put := day.Of(o.Modified)
			if !ok || exist[id] && date >= c.Data || !exist[id] && put >= c.Yesterday {
				continue // a new view may be stored in a moment
			}
			found := old{view.File{View: id, Day: date}, o.Key}
			if exist[id] && date < c.Files || !exist[id] && put < c.Replaced {
				last = append(last, found)
			} else {
				others = append(others, found)
			}
		}
		for batch := range slices.Chunk(last, maxBatch) {
			if err := store.ForgetFiles(ctx, pack.Each(batch, old.file)); err != nil {
				return deleted, err
			}
			if err := files.Delete(ctx, pack.Each(batch, old.object)...); err != nil {
				return deleted, err
			}
			deleted += len(batch)
		}
		for batch := range slices.Chunk(others, maxBatch) {
			if err := store.ForgetFiles(ctx, pack.Each(batch, old.file)); err != nil {
				return deleted, err
			}
		}
		return deleted, nil
	}}
}

// maxBatch is the most files that are forgotten together. A night that ends before a batch does repeats it.
const maxBatch = 1000

// old is a file whose record is deleted, and its key.
type old struct {
	of  view.File
	key string
}

func (o old) file() view.File { return o.of }
func (o old) object() string  { return o.key }

// partsOf returns the view and the day of the key of a file.
func partsOf(key string) (id string, date day.Date, ok bool) {
	id, name, ok := strings.Cut(strings.TrimPrefix(key, view.FilesPrefix), "/")
	named, _, _ := strings.Cut(name, ".")
	date, isDay := day.Parse(named)
	return id, date, ok && isDay
}
