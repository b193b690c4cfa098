"""The demonstration: a made-up community made by the portal's own services, and one person to try each role."""
