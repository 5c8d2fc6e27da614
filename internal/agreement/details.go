package agreement

import (
	"context"

	"trueup/internal/audit"
)

// DetailsStore reads the details of agreements of type other: what contacts,
// registration keys and so on somebody noted (R2.6). They are sensitive: nothing
// else that is read or listed has them, and audit events do not quote them (R2.7).
type DetailsStore interface {
	// Details returns the details of the agreement as it was read, empty when
	// nothing was noted. The audit event, whose Subject is filled in, is stored
	// before they are read. errs.NotFound agreement_not_found when the agreement
	// is gone.
	Details(ctx context.Context, read Agreement, event audit.Event) (string, error)
}
