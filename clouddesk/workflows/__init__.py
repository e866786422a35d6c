"""The truth about reservations: one durable Temporal workflow each, its activities, worker and client."""
