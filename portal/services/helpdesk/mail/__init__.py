"""The help desk's mail: what came in becomes part of a ticket or is kept aside, what goes out goes once."""
