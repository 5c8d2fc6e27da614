package dynamo

// Cursor returns a cursor nobody was given, of the query.
func Cursor(after string, query ...string) string { return cursor{After: after}.encode(query...) }
