package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Version returns the version of stored JSON: the number in a field of the object, and 1 without
// the field. Formats that began as a list, or as an object without a version, are of version 1
// until they are written as an object with the field. A version above newest is an error, so
// that data of a later release is never read as something else.
func Version(stored []byte, field string, newest int) (int, error) {
	version, err := versionIn(stored, field)
	if err != nil {
		return 0, fmt.Errorf("pack: version of stored data: %w", err)
	}
	if version < 1 || version > newest {
		return 0, fmt.Errorf("pack: stored data have version %d, and this release reads versions 1 to %d", version, newest)
	}
	return version, nil
}

func versionIn(stored []byte, field string) (int, error) {
	if !bytes.HasPrefix(bytes.TrimLeft(stored, " \t\r\n"), []byte("{")) {
		return 1, nil
	}
	// By token, because most formats have the version first and a long list after it.
	d := json.NewDecoder(bytes.NewReader(stored))
	if _, err := d.Token(); err != nil {
		return 0, err
	}
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return 0, err
		}
		if name == field {
			var version int
			err := d.Decode(&version)
			return version, err
		}
		var other json.RawMessage
		if err := d.Decode(&other); err != nil {
			return 0, err
		}
	}
	return 1, nil
}
