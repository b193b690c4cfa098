"""Pages: blueprints by audience, each view parses, calls one service, responds."""
