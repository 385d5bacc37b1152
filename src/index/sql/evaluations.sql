-- What became of evaluators on a trace, up to a number.
select json_array($FIELDS) as json from evaluation
where project = $TENANT and trace = ?2
order by evaluator, version, span limit $MOST
