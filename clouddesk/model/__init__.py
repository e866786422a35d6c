"""What the product is about, as plain data and ports. No input or output happens here."""
