package journal

// FirstCopy returns a copy as a release without stripes wrote it.
var FirstCopy = firstCopy
