package broker

// Patience is how long a function waits for an answer.
const Patience = patience

// MaxPacket is the length of the longest packet.
const MaxPacket = maxPacket

// UsePacket is a question as the function sends it.
func UsePacket(sequence uint32, running, request, key string) []byte {
	return appendMessage(nil, use, sequence, []byte(running), []byte(request), []byte(key), make([]byte, seedSize), nil)
}
