//! The server: RESP over tokio in front of `store`.
