"""The picture tower's recipe: what is said of pictures, what is read of them once, what is trained and measured."""
