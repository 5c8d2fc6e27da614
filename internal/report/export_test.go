package report

// StoredTypes are the stored types of a snapshot, by format.
var StoredTypes = map[string]any{"snapshot-data": storedData{}, "snapshot-entitlements": []storedHeld{}, "snapshot-manifest": storedManifest{}}
