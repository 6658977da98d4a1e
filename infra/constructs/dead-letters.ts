/** The queue for what could not be delivered: encrypted, TLS only, kept as long as SQS keeps anything. */
import * as sqs from 'aws-cdk-lib/aws-sqs';
import { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { Stage } from '../../core/topology-aws.ts';
import { accept } from './accepted.ts';

export function deadLetters(scope: Construct, { queueName, stage }: { queueName: string; stage: Stage }): sqs.Queue {
  const queue = new sqs.Queue(scope, 'DeadLetters', {
    queueName,
    encryption: sqs.QueueEncryption.SQS_MANAGED,
    enforceSSL: true,
    retentionPeriod: Duration.days(14),
    // Nothing in it is the only copy: the journal has what the stream could not bring.
    removalPolicy: stage === 'production' ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
  });
  // Lambda is told of it by its ARN, which no check of the queue alone can see.
  accept(queue, { finding: 'SQS3', because: 'It is itself where the stream puts what it could not deliver.' });
  return queue;
}
