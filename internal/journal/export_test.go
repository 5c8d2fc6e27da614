package journal

// FirstCopy is a copy as a release without stripes wrote it.
var FirstCopy = firstCopy
