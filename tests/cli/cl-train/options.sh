# Options that mean nothing where they stand are refused.
for options in '--momentum 0.5' '--optimizer momentum --beta1 0.5' '--schedule-step 3' '--lr-min 0.1' '--huber-delta 2' \
    '--hidden 3,x' '--hidden none --dropout 0.1' '--batch 0' '--steps 3 --epochs 3' '--valid 2' '--lr -1' '--lr automatic' '--ema 1' '--resume nothing' \
    '--every 5s' '--patience 0 --tolerance 0.1' '--batch 0 --device cuda'; do
    cl-train $options /dev/null
    echo $?
done
