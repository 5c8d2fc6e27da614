package access

import (
	"context"
	"slices"
	"strings"
)

// Names of the token claims that trueup reads. Amazon Cognito puts the groups of a user in
// GroupsClaim; the groups are the roles.
const (
	SubjectClaim = "sub"
	GroupsClaim  = "cognito:groups"
)

// FromClaims returns the principal of a verified token's claims, as the JWT authorizer of API
// Gateway passes them: one string per claim, a list written as "[a b]". Only a space separates
// groups: Cognito allows every other character in a group's name, and a group
// "sales,global-admin" is not a role. Unknown groups are dropped. It reports false if the token
// has no subject.
func FromClaims(claims map[string]string) (Principal, bool) {
	subject := strings.TrimSpace(claims[SubjectClaim])
	if subject == "" {
		return Principal{}, false
	}
	groups := claims[GroupsClaim]
	if strings.HasPrefix(groups, "[") && strings.HasSuffix(groups, "]") {
		groups = groups[1 : len(groups)-1]
	}
	p := Principal{Subject: subject}
	for _, name := range strings.Split(groups, " ") {
		role := Role(name)
		if slices.Contains(Roles, role) && !slices.Contains(p.Roles, role) {
			p.Roles = append(p.Roles, role)
		}
	}
	return p, true
}

// Call describes one call before its handler runs.
type Call struct {
	Principal *Principal // nil without a valid token
	RequestID string     // from the gateway; in logs, audit events and problem documents
}

// RequestIDKey is the key of Call.RequestID in log lines.
const RequestIDKey = "request_id"

type callKey struct{}

// WithCall returns a context that carries the call.
func WithCall(ctx context.Context, call Call) context.Context {
	return context.WithValue(ctx, callKey{}, call)
}

// CallFrom returns the call of the context; the zero Call, which has no principal, if there is
// none.
func CallFrom(ctx context.Context) Call {
	call, _ := ctx.Value(callKey{}).(Call)
	return call
}
