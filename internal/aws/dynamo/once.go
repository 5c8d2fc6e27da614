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
	expires, err := number(it, "expires")
	if err != nil || expires < now.Unix() {
		return nil, err
	}
	return answered(it, e)
}

// Remember implements once.Store.
func (s *Idempotency) Remember(ctx context.Context, e once.Entry, now time.Time) (first []byte, err error) {
	if e.Key == "" {
		return nil, nil
	}
	// A transaction of one write: its token makes a retry after a lost reply succeed.
	remember := s.db.remembering(e, now)
	err = s.db.transact(ctx, []*action{remember})
	if old, used := refused(err, remember); used {
		return answered(old, e)
	}
	return nil, err
}

// remembering returns the action that stores an answer, unless the key was used before;
// nil for an entry without a key.
func (db *engine) remembering(e once.Entry, now time.Time) *action {
	if e.Key == "" {
		return nil
	}
	it := key(idempotencyKey(e.Key))
	it["body"], it["expires"] = str(e.BodyHash), num(e.Expires.Unix())
	it["response"] = &types.AttributeValueMemberB{Value: e.Response}
	action := db.putItem(it, "attribute_not_exists(pk) OR expires < :now", item{":now": num(now.Unix())})
	action.Put.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	return action
}

// answered returns the answer stored in it. It returns errs.Invalid
// idempotency_key_reused if the stored call had another body.
func answered(it item, e once.Entry) ([]byte, error) {
	if attr(it, "body") != e.BodyHash {
		return nil, errs.New(errs.Invalid, "idempotency_key_reused")
	}
	if response, ok := it["response"].(*types.AttributeValueMemberB); ok {
		return response.Value, nil
	}
	return nil, nil
}
