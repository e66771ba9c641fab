"""What methods of locating share: sets of pictures with boxes, what is wrong with them, detections, drawing them, judging."""
