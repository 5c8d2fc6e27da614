package dynamo

import (
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"trueup/internal/audit"
)

// Cursor returns a cursor nobody was given, of the query.
func Cursor(after string, query ...string) string { return cursor{After: after}.encode(query...) }

// AuditItem returns what is stored of an event.
func AuditItem(e audit.Event) map[string]types.AttributeValue { return marshal(newAuditItem(e)) }
