package dynamo

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/errs"
	"trueup/internal/once"
)

// Idempotency stores the answers of calls with an Idempotency-Key. It is safe for
// concurrent use.
type Idempotency struct{ db *engine }

var _ once.Store = (*Idempotency)(nil)

// onceItem is the answer of a call with an Idempotency-Key.
type onceItem struct {
	itemKey
	Body     string `dynamodbav:"body"`    // hash
	Expires  int64  `dynamodbav:"expires"` // schema.TTL
	Response []byte `dynamodbav:"response"`
}

// First implements once.Store.
func (s *Idempotency) First(ctx context.Context, e once.Entry, now time.Time) ([]byte, error) {
	if e.Key == "" {
		return nil, nil
	}
	p, sort := idempotencyKey(e.Key)
	it, err := s.db.get(ctx, p, sort)
	if err != nil || it == nil {
		return nil, err
	}
	i, err := decode[onceItem](it)
	if err != nil || i.Expires < now.Unix() {
		return nil, err
	}
	return i.answer(e)
}

// Remember implements once.Store.
func (s *Idempotency) Remember(ctx context.Context, e once.Entry, now time.Time) (first []byte, err error) {
	if e.Key == "" {
		return nil, nil
	}
	// A transaction of one write: its token makes a retry after a lost reply succeed.
	remember := remembering(s.db, e, now)
	err = s.db.transact(ctx, []*action{remember})
	if old, used := refused(err, remember); used {
		return answered(old, e)
	}
	return nil, err
}

// remembering returns the action that stores an answer, unless the key was used before;
// nil for an entry without a key.
func remembering(db *engine, e once.Entry, now time.Time) *action {
	if e.Key == "" {
		return nil
	}
	i := onceItem{keyed(idempotencyKey(e.Key)), e.BodyHash, e.Expires.Unix(), e.Response}
	action := db.put(i, "attribute_not_exists(pk) OR expires < :now", item{":now": num(now.Unix())})
	action.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	return action
}

// answered is onceItem.answer of an item that is not decoded.
func answered(it item, e once.Entry) ([]byte, error) {
	i, err := decode[onceItem](it)
	if err != nil {
		return nil, err
	}
	return i.answer(e)
}

// answer returns the stored answer. It returns errs.Invalid idempotency_key_reused if the
// stored call had another body.
func (i onceItem) answer(e once.Entry) ([]byte, error) {
	if i.Body != e.BodyHash {
		return nil, errs.New(errs.Invalid, "idempotency_key_reused")
	}
	return i.Response, nil
}
