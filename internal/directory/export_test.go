package directory

// ReadAtMost is Read with another limit in bytes, so that a test need not read half a gigabyte.
var ReadAtMost = readAtMost
