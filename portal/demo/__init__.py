"""The demonstration: a made-up community that went through the portal's own services, and one person to try each role."""
