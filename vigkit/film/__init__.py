"""The only room that runs ffmpeg and moviepy."""
