#!/usr/bin/env bash
# LocalStack runs this once it is ready: the stream, bucket, topic and queue that the settings in docker-compose.yml name.
set -euo pipefail

have() { "$@" >/dev/null 2>&1; }

have awslocal s3api head-bucket --bucket riskstream-archive || awslocal s3 mb s3://riskstream-archive
have awslocal kinesis describe-stream-summary --stream-name transactions ||
  awslocal kinesis create-stream --stream-name transactions --shard-count 2
topic=$(awslocal sns create-topic --name riskstream-alerts --query TopicArn --output text)
queue=$(awslocal sqs create-queue --queue-name riskstream-alerts --query QueueUrl --output text)
arn=$(awslocal sqs get-queue-attributes --queue-url "$queue" --attribute-names QueueArn --query Attributes.QueueArn --output text)
# Whoever wants to see alerts reads this queue; subscribing twice changes nothing.
awslocal sns subscribe --topic-arn "$topic" --protocol sqs --notification-endpoint "$arn" \
  --attributes '{"FilterPolicy": "{\"risk_level\": [\"high\", \"critical\"]}", "RawMessageDelivery": "true"}' >/dev/null
echo "riskstream: stream transactions, bucket riskstream-archive, topic and queue riskstream-alerts are there"
