package inventory

import "io"

const (
	aheadBytes  = 256 << 10
	aheadBlocks = 8       // one in use, one being filled, and some ready, so that neither side waits for short delays
	aheadFrom   = 4 << 20 // a file with fewer bytes is not read ahead
)

// large reads a file of unknown size. Once it is known to be large, it is read ahead.
type large struct {
	file  io.Reader
	read  int
	ahead *ahead
}

func (l *large) Read(p []byte) (int, error) {
	if l.ahead != nil {
		return l.ahead.Read(p)
	}
	n, err := l.file.Read(p)
	if l.read += n; l.read >= aheadFrom && err == nil {
		l.ahead = readAhead(l.file)
	}
	return n, err
}

// stop ends reading. The file is not used afterwards.
func (l *large) stop() {
	if l.ahead != nil {
		l.ahead.stop()
	}
}

// ahead receives or decompresses the next bytes while earlier ones are counted.
type ahead struct {
	full    chan block
	empty   chan []byte
	stopped chan struct{}
	ended   chan struct{}
	current block
	used    int
}

// block is some bytes, and the error that follows them.
type block struct {
	bytes []byte
	err   error
}

// readAhead starts reading the file. The caller must call stop before it closes the file.
func readAhead(file io.Reader) *ahead {
	a := &ahead{
		full: make(chan block, aheadBlocks), empty: make(chan []byte, aheadBlocks),
		stopped: make(chan struct{}), ended: make(chan struct{}),
	}
	for range aheadBlocks {
		a.empty <- make([]byte, aheadBytes)
	}
	go a.run(file)
	return a
}

func (a *ahead) run(file io.Reader) {
	defer close(a.ended)
	for {
		var b block
		select {
		case b.bytes = <-a.empty:
		case <-a.stopped:
			return
		}
		n := 0
		for n < len(b.bytes) && b.err == nil {
			var read int
			read, b.err = file.Read(b.bytes[n:])
			n += read
		}
		b.bytes = b.bytes[:n]
		a.full <- b // never blocks: there is room for every block
		if b.err != nil {
			return
		}
	}
}

func (a *ahead) Read(p []byte) (int, error) {
	for a.used == len(a.current.bytes) {
		if a.current.err != nil {
			return 0, a.current.err
		}
		if a.current.bytes != nil {
			a.empty <- a.current.bytes[:cap(a.current.bytes)]
		}
		a.current, a.used = <-a.full, 0
	}
	n := copy(p, a.current.bytes[a.used:])
	a.used += n
	return n, nil
}

// stop ends reading. The file is not used afterwards.
func (a *ahead) stop() {
	close(a.stopped)
	<-a.ended
}
