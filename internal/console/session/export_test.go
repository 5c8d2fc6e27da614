package session

import "testing"

// IDOf returns the id of the session of a cookie.
func IDOf(cookie string) string {
	k, _ := parseKey(cookie)
	return k.id()
}

// Opened returns the id of the session of a cookie, and what its item keeps encrypted.
func Opened(t *testing.T, cookie string, ciphertext []byte) (id string, plain []byte) {
	t.Helper()
	k, ok := parseKey(cookie)
	if !ok {
		t.Fatalf("%q is no key", cookie)
	}
	plain, err := k.cipher().Open(nil, nil, ciphertext, []byte(k.id()))
	if err != nil {
		t.Fatal(err)
	}
	return k.id(), plain
}
