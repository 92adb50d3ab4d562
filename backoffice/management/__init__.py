"""Commands about the installation as a whole. A command about one area lives in that area."""
