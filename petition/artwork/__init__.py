"""What the petition is passed on with: pictures, QR code, poster and paper sheets."""
