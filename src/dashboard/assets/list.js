// The list.
