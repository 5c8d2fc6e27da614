package access

// useClaim says what a token of Amazon Cognito is for.
const useClaim = "token_use"

// IsAccessToken reports whether the claims are from a token that gives access. An ID token of
// Cognito names the same person and groups, and the JWT authorizer of API Gateway accepts it, but it
// is meant for the page that the person signed in to. Tokens of other issuers do not have the
// claim: for them, a scope on the routes (signInScope) or an audience that only access tokens have
// keeps ID tokens out.
func IsAccessToken(claims map[string]string) bool {
	use, ok := claims[useClaim]
	return !ok || use == "access"
}
