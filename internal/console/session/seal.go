package session

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// keyBytes is the length of the key in the cookie, and of the keys derived from it.
const keyBytes = 32

// key is the content of the cookie of a session. It finds and opens one session. The table, or a copy of
// it, has no key.
type key [keyBytes]byte

// newKey returns a random key.
func newKey() (k key) {
	_, _ = rand.Read(k[:]) // never fails
	return k
}

// parseKey reads the value of a cookie.
func parseKey(value string) (k key, ok bool) {
	// Strict refuses values that decode to the same key as another one.
	raw, err := base64.RawURLEncoding.Strict().DecodeString(value)
	if err != nil || len(raw) != keyBytes {
		return key{}, false
	}
	return key(raw), true
}

// String returns the value of the cookie.
func (k key) String() string { return base64.RawURLEncoding.EncodeToString(k[:]) }

// derive returns a key for one purpose (HKDF with SHA-256). The purposes are independent: one does not
// tell the other.
func (k key) derive(purpose string) []byte {
	derived, err := hkdf.Key(sha256.New, k[:], nil, "trueup console session: "+purpose, keyBytes)
	if err != nil {
		panic(err) // the length is one that SHA-256 allows
	}
	return derived
}

// id returns the id of the session.
func (k key) id() string { return base64.RawURLEncoding.EncodeToString(k.derive("id")) }

// cipher returns AES-256-GCM with a random nonce.
func (k key) cipher() cipher.AEAD {
	block, err := aes.NewCipher(k.derive("tokens"))
	if err != nil {
		panic(err) // the length is one of AES
	}
	sealing, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		panic(err) // the block is AES
	}
	return sealing
}

// sealed is what a session keeps encrypted. Its names are stored.
type sealed struct {
	Access  string `json:"access"`
	Refresh string `json:"refresh,omitempty"` // empty if the issuer gave none
	Name    string `json:"name,omitempty"`    // of the person, from the ID token
	Hint    string `json:"hint,omitempty"`    // ID token, for an issuer that wants it at sign-out
	Pages   string `json:"pages,omitempty"`   // origin of the issuer's page for signing out
	// Received is when the access token arrived, in seconds since 1970.
	Received int64 `json:"received"`
}

// seal encrypts the tokens of a session. They can be opened only with the same key and in the same item.
func (k key) seal(s sealed) []byte {
	plain, err := json.Marshal(s)
	if err != nil {
		panic(err) // strings and a number
	}
	return k.cipher().Seal(nil, nil, plain, []byte(k.id())) //nolint:gosec // the cipher makes a random nonce itself
}

// open decrypts what seal has encrypted.
func (k key) open(ciphertext []byte) (s sealed, err error) {
	plain, err := k.cipher().Open(nil, nil, ciphertext, []byte(k.id()))
	if err != nil {
		return sealed{}, fmt.Errorf("session: open the tokens: %w", err)
	}
	if err := json.Unmarshal(plain, &s); err != nil {
		return sealed{}, fmt.Errorf("session: read the tokens: %w", err)
	}
	return s, nil
}

// personOf returns the hash by which the sessions of a person are listed.
func personOf(issuer, subject string) string {
	sum := sha256.Sum256([]byte("trueup person\x00" + issuer + "\x00" + subject))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
