package entitlement

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"trueup/internal/day"
	"trueup/internal/pack"
)

// storedVersion is the version of the statement that Encode writes. Decode reads every version up
// to it: the file of a statement may no longer exist.
const storedVersion = 1

// stored is the format of Encode, version 1. The names of a line are short because a statement has many
// lines.
type stored struct {
	Version int          `json:"v"`
	Kind    Kind         `json:"kind"`
	Date    day.Date     `json:"date"`
	Name    string       `json:"name"`
	Lines   []storedLine `json:"lines"`
}

type storedLine struct {
	LicenseID string `json:"i,omitempty"`
	storedEntitlement
}

// storedEntitlement is the stored form of an Entitlement, in statements and answers.
type storedEntitlement struct {
	Publisher  string   `json:"m,omitempty"`
	Pool       string   `json:"p,omitempty"`
	Family     string   `json:"f,omitempty"`
	Version    string   `json:"v,omitempty"`
	Type       string   `json:"t,omitempty"`
	Effective  int      `json:"q,omitempty"`
	ActiveSA   int      `json:"a,omitempty"`
	Unresolved int      `json:"u,omitempty"`
	Start      day.Date `json:"b,omitempty"`
	End        day.Date `json:"e,omitempty"`
	SAEnd      day.Date `json:"s,omitempty"`
}

// listVersion is the version of the list that EncodeList writes. Version 1 is a JSON list. Later
// versions are an object with the field "version".
const listVersion = 1

// EncodeList writes entitlements as compact JSON for storage. DecodeList reads it.
func EncodeList(list []Entitlement) []byte {
	stored := make([]storedEntitlement, len(list))
	for i, e := range list {
		stored[i] = storedEntitlement(e)
	}
	encoded, err := json.Marshal(stored)
	if err != nil {
		panic(err) // cannot happen: only texts and numbers
	}
	return encoded
}

// DecodeList reads what EncodeList wrote, in any version up to listVersion.
func DecodeList(encoded []byte) ([]Entitlement, error) {
	if _, err := pack.Version(encoded, "version", listVersion); err != nil {
		return nil, fmt.Errorf("entitlement: decode a list: %w", err)
	}
	var stored []storedEntitlement
	if err := json.Unmarshal(encoded, &stored); err != nil {
		return nil, fmt.Errorf("entitlement: decode a list: %w", err)
	}
	list := make([]Entitlement, len(stored))
	for i, e := range stored {
		list[i] = Entitlement(e)
	}
	return list, nil
}

// Encode writes a statement as compact JSON for storage.
func Encode(s Statement) ([]byte, error) {
	lines := make([]storedLine, len(s.Lines))
	for i, l := range s.Lines {
		lines[i] = storedLine{l.LicenseID, storedEntitlement(l.Entitlement)}
	}
	data, err := json.Marshal(stored{Version: storedVersion, Kind: s.Kind, Date: s.Date, Name: s.Name, Lines: lines})
	if err != nil {
		return nil, fmt.Errorf("entitlement: encode statement: %w", err)
	}
	return data, nil
}

// ErrStored means that a stored statement is damaged, or of a later version: read its file again.
var ErrStored = errors.New("entitlement: the stored statement cannot be used")

// Decode reads the output of Encode, of any version up to storedVersion. It returns ErrStored for
// anything else.
func Decode(data []byte) (Statement, error) {
	version, err := pack.Version(data, "v", storedVersion)
	if err != nil {
		return Statement{}, fmt.Errorf("%w: %w", ErrStored, err)
	}
	switch version {
	case 1:
		return decode1(data)
	default:
		return Statement{}, fmt.Errorf("%w: unknown version %d", ErrStored, version)
	}
}

// decode1 reads version 1.
func decode1(data []byte) (Statement, error) {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	var in stored
	if err := decoder.Decode(&in); err != nil {
		return Statement{}, fmt.Errorf("%w: %w", ErrStored, err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Statement{}, fmt.Errorf("%w: data after the end of the statement", ErrStored)
	}
	if in.Version != 1 { // missing, or not the first of two
		return Statement{}, fmt.Errorf("%w: unknown version %d", ErrStored, in.Version)
	}
	switch in.Kind {
	case KindLicenseSummary, KindLicenseStatement, KindGeneralStatement:
	default:
		return Statement{}, fmt.Errorf("%w: unknown kind %q", ErrStored, in.Kind)
	}
	s := Statement{Kind: in.Kind, Date: in.Date, Name: in.Name}
	if len(in.Lines) > 0 {
		s.Lines = make([]Line, len(in.Lines))
	}
	for i, l := range in.Lines {
		for _, quantity := range []int{l.Effective, l.ActiveSA, l.Unresolved} {
			if quantity < 0 || quantity > MaxQuantity {
				return Statement{}, fmt.Errorf("%w: invalid quantity %d", ErrStored, quantity)
			}
		}
		s.Lines[i] = Line{LicenseID: l.LicenseID, Entitlement: Entitlement(l.storedEntitlement)}
	}
	return s, nil
}
