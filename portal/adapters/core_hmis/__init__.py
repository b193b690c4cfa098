"""The core HMIS behind one port: work orders for a system without an API, other adapters beside them."""
