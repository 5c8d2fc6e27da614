package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"trueup/internal/access"
	"trueup/internal/errs"
)

// guard passes a request to its operation if the route's permission allows the caller and its
// query string is unambiguous. It runs before any other part of the request is read.
func guard(ctx huma.Context, next func(huma.Context)) {
	permission, ok := ctx.Operation().Metadata[permissionKey].(access.Permission)
	principal := access.CallFrom(ctx.Context()).Principal
	switch {
	case ok && permission == access.Anyone:
	case principal == nil:
		ctx.SetHeader("WWW-Authenticate", "Bearer")
		refuse(ctx, errs.New(errs.Unauthenticated, "unauthenticated"))
		return
	case principal.GroupsLeftOut:
		refuse(ctx, errs.New(errs.Denied, "groups_overage"))
		return
	case !ok || !principal.May(permission):
		refuse(ctx, Denied(permission))
		return
	}
	err := checkQuery(ctx.URL().RawQuery)
	if err == nil && facadeOf(ctx.Operation()) != nil {
		err = checkOptions(ctx.Operation(), ctx.URL().RawQuery)
	}
	if err != nil {
		refuse(ctx, err)
		return
	}
	next(ctx)
}

func refuse(ctx huma.Context, err error) {
	writeTo(ctx, newError(ctx, http.StatusInternalServerError, "", err).(ForeignError))
}

// Allow returns the error for a caller without a permission that only some calls of a route need.
func Allow(ctx context.Context, permission access.Permission) error {
	if access.CallFrom(ctx).Principal.May(permission) {
		return nil
	}
	return Denied(permission)
}

// Denied returns the error of a call without a permission, which names the roles that have it.
func Denied(permission access.Permission) error {
	return errs.New(errs.Denied, "permission_denied", "roles", rolesWith(permission))
}

// rolesWith returns the names of the roles that have a permission.
func rolesWith(permission access.Permission) string {
	return access.RoleNames(access.RolesWith(permission))
}

// checkQuery rejects query strings that readers interpret differently: broken escapes, bytes
// that are not UTF-8, and repeated parameters.
func checkQuery(raw string) error {
	values, err := url.ParseQuery(raw)
	if err != nil {
		return errs.New(errs.Invalid, "query_malformed")
	}
	var repeated []errs.Violation
	for name, given := range values {
		if !utf8.ValidString(name) || !utf8.ValidString(given[0]) {
			return errs.New(errs.Invalid, "query_malformed")
		}
		if len(given) > 1 {
			repeated = append(repeated, errs.Violation{Code: "parameter_repeated", Field: ParameterField + name})
		}
	}
	slices.SortFunc(repeated, func(a, b errs.Violation) int { return strings.Compare(a.Field, b.Field) })
	return errs.Violated(repeated)
}
