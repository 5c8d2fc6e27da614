package lambda

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// API returns a handler of the Invoke operation of the Lambda API, for functions that call
// other functions. Signatures are not checked.
func (h *Host) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", h.handleInvoke)
	return mux
}

func (h *Host) handleInvoke(w http.ResponseWriter, r *http.Request) {
	payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxPayload))
	if err != nil {
		refuse(w, ErrTooLarge)
		return
	}
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	name := r.PathValue("name")
	w.Header().Set("X-Amz-Executed-Version", "$LATEST")
	switch r.Header.Get("X-Amz-Invocation-Type") {
	case "", "RequestResponse":
		result, err := h.Invoke(r.Context(), name, payload)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("X-Amzn-Requestid", result.RequestID)
		if result.FunctionError != "" {
			w.Header().Set("X-Amz-Function-Error", result.FunctionError)
		}
		w.Header().Set("Content-Type", "application/json")
		w.Write(result.Payload)
	case "Event":
		id, err := h.InvokeAsync(name, payload)
		if err != nil {
			refuse(w, err)
			return
		}
		w.Header().Set("X-Amzn-Requestid", id)
		w.WriteHeader(http.StatusAccepted)
	case "DryRun":
		if h.functions[name] == nil {
			refuse(w, ErrNotFound)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(w, http.StatusBadRequest, "InvalidParameterValueException", "InvocationType: RequestResponse, Event or DryRun")
	}
}

func refuse(w http.ResponseWriter, err error) {
	switch {
	case errors.Is(err, ErrNotFound):
		answer(w, http.StatusNotFound, "ResourceNotFoundException", err.Error())
	case errors.Is(err, ErrTooLarge):
		answer(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", err.Error())
	case errors.Is(err, ErrThrottled):
		answer(w, http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	case errors.Is(err, ErrInvalid):
		answer(w, http.StatusBadRequest, "InvalidRequestContentException", err.Error())
	default:
		answer(w, http.StatusInternalServerError, "ServiceException", err.Error())
	}
}

func answer(w http.ResponseWriter, status int, kind, message string) {
	body, _ := json.Marshal(map[string]string{"Type": "User", "Message": message}) // a map of strings always marshals
	w.Header().Set("X-Amzn-Errortype", kind)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}
