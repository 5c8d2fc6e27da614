package s3

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/johannesboyne/gofakes3"
)

// unchunk decodes a body in the encoding aws-chunked into plain bytes for gofakes3. SDKs
// send streams in this encoding, with or without a signature per chunk and a trailing
// checksum. The signature of the headers, including the length, is checked; signatures of
// chunks are not.
func unchunk(r *http.Request) error {
	if !strings.HasPrefix(r.Header.Get("X-Amz-Content-Sha256"), "STREAMING-") {
		return nil
	}
	length, err := strconv.ParseInt(r.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64)
	if err != nil || length < 0 {
		return malformed("InvalidArgument", "X-Amz-Decoded-Content-Length is missing or not a number.")
	}
	r.Body = &chunkedBody{body: r.Body, in: bufio.NewReader(r.Body)}
	r.ContentLength = length
	r.Header.Set("Content-Length", strconv.FormatInt(length, 10))
	r.Header.Set("X-Amz-Content-Sha256", unsignedPayload)
	var encodings []string
	for encoding := range strings.SplitSeq(r.Header.Get("Content-Encoding"), ",") {
		if encoding = strings.TrimSpace(encoding); encoding != "" && encoding != "aws-chunked" {
			encodings = append(encodings, encoding)
		}
	}
	r.Header.Del("Content-Encoding")
	if encodings != nil {
		r.Header.Set("Content-Encoding", strings.Join(encodings, ","))
	}
	return nil
}

// chunkedBody decodes chunks: the size in hexadecimal, optionally ";chunk-signature=…",
// CRLF, the bytes, CRLF. The last chunk has size 0; trailers may follow it.
type chunkedBody struct {
	body io.Closer
	in   *bufio.Reader
	left int64 // unread bytes of the chunk
	open bool  // the end of the current chunk has not been read yet
	err  error
}

func (b *chunkedBody) Close() error { return b.body.Close() }

func (b *chunkedBody) Read(p []byte) (int, error) {
	if b.err == nil && b.left == 0 {
		b.err = b.nextChunk()
	}
	if b.err != nil {
		return 0, b.err
	}
	n, err := b.in.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil {
		b.err = incomplete(err)
	}
	return n, b.err
}

func (b *chunkedBody) nextChunk() error {
	if b.open {
		if line, err := b.line(); err != nil || line != "" {
			return incomplete(err)
		}
	}
	line, err := b.line()
	if err != nil {
		return incomplete(err)
	}
	size, _, _ := strings.Cut(line, ";")
	n, err := strconv.ParseUint(size, 16, 62)
	if err != nil {
		return incomplete(err)
	}
	b.left = int64(n)
	b.open = true
	if b.left > 0 {
		return nil
	}
	for { // skip trailers up to an empty line or the end
		line, err := b.line()
		if line == "" || errors.Is(err, io.EOF) {
			return io.EOF
		}
		if err != nil {
			return incomplete(err)
		}
	}
}

func (b *chunkedBody) line() (string, error) {
	line, err := b.in.ReadSlice('\n') // limited by the buffer, 4 KiB
	return strings.TrimRight(string(line), "\r\n"), err
}

func incomplete(err error) error {
	return gofakes3.ErrorMessage(gofakes3.ErrIncompleteBody, fmt.Sprintf("the chunks end early or are malformed: %v", err))
}
