"""What this service asks of others: agents, how and with what they are reached, and where requests may go."""
